// The checks by which deviations are found have names, so that a test can build the roles with one
// of them off and see the deviation go through (tests/protocol/link/switched_off.py). Here all are
// on, always.
#pragma once

#ifndef HEDGEROW_LINK_CHECK
#define HEDGEROW_LINK_CHECK(name) true
#endif
