// Whom a practitioner may ring at this party (docs/design/trace.md, Withhold and duty contacts).
#pragma once

#include "node/core/lineage.h"

namespace hedgerow::core {

struct ShownContact {
  store::DutyContact words;  // the agreement names no hours; both empty where there is no contact
  bool own = false;          // set on this node; else as the agreement says
};

// What a directory made now shows. An agreement's text that is too long for a record of a directory
// is cut, between two characters.
Result<ShownContact> shown_contact(LineageContext& lineage);

}  // namespace hedgerow::core
