// HR_CHECK(condition): always on, for our own bugs only. Prints file, line and the
// condition's text (never a value), then aborts.
#pragma once

namespace hedgerow {
[[noreturn]] void check_failed(const char* file, int line, const char* condition);
}

#define HR_CHECK(condition) \
  ((condition) ? (void)0 : ::hedgerow::check_failed(__FILE__, __LINE__, #condition))
