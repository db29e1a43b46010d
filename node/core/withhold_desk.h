// What an officer decides about single children, and whom practitioners may ring: `withhold` and
// `duty` (docs/design/trace.md, Withhold and duty contacts). Nothing of it is sent to anybody.
//
// What can be refused is refused before there is any work: once work is carried out, an error
// stops the node.
#pragma once

#include <nlohmann/json_fwd.hpp>

#include "node/core/control_request.h"
#include "node/core/lineage.h"
#include "node/core/reply.h"
#include "node/core/work.h"

namespace hedgerow::core {

class WithholdDesk {
 public:
  explicit WithholdDesk(LineageContext& lineage) : lineage_(lineage) {}

  // `reference`: the line with the child's reference, in memory that the caller wipes.
  // Errors: denied: this party holds no records; bad_input: the reference, a text (with an NHS
  // number in it, too) or a date.
  Result<Work> add(const WithholdAdd& wanted, ByteView reference, Reply reply, UtcTime now);
  // Errors: bad_input: no such decision, or it has ended; a text or a date.
  Result<Work> end(const WithholdEnded& wanted, Reply reply, UtcTime now);
  // A page of decisions; what comes after it is asked for with the last number.
  Result<nlohmann::json> list(const WithholdList& wanted, UtcTime now);

  // Errors: denied: this party holds no records; bad_input: a text.
  Result<Work> set_duty(const DutySet& wanted, Reply reply);
  Result<nlohmann::json> duty();

 private:
  Result<void> check_contributor() const;

  LineageContext& lineage_;
};

}  // namespace hedgerow::core
