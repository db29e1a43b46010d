// What a request on the control socket asks for (docs/design/control.md), whole and typed before
// anything is done about it.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <variant>

#include "node/core/import_desk.h"
#include "node/core/install.h"
#include "node/core/trace_gate.h"
#include "policies/calendar.h"

namespace hedgerow::core {

struct StatusCommand {};
struct ListCommand {};        // agreements
struct KeysStatusCommand {};  // of pseudonym keys
struct InstallCommand {
  InstallFiles files;
};
struct RenewCommand {
  Certificate renewed;
};
struct RevokeCommand {
  RevocationList list;
};
// Where a command does without the agreement's id, the node must have one only.
struct PeersCommand {
  std::optional<std::string> agreement;
  std::vector<Certificate> bundle;
};
struct ImportCommand {
  std::optional<std::string> agreement;
  ImportRequest wanted;
};
struct AskCommand {
  std::optional<std::string> agreement;
  Bytes statement;  // exact bytes; its signature is for others to check
  SessionId id;
};
struct ResultCommand {
  std::optional<std::string> agreement;
  SessionId id;
};
struct ShowCommand {
  std::uint64_t limit = 0;
  std::optional<std::uint64_t> from;
};
struct FetchCommand {  // of the other parties' directories
  std::optional<std::string> agreement;
};
struct ReadCommand {
  std::uint64_t from = 0;
};

// Then the child's reference comes as a line of data: it is an identifier.
struct WithholdAdd {
  std::optional<std::string> agreement;
  std::string reason;
  std::string decider;
  std::optional<policies::Day> date;  // none: today
  policies::Day review;
};
struct WithholdEnded {
  std::optional<std::string> agreement;
  std::uint64_t number = 0;
  std::string reason;
  std::string decider;
  std::optional<policies::Day> date;  // none: today
};
struct WithholdList {
  std::optional<std::string> agreement;
  bool with_ended = false;
  std::uint64_t after = 0;  // a decision's number
};
struct DutySet {
  std::optional<std::string> agreement;
  std::string contact;
  std::string hours;
};
struct DutyShow {
  std::optional<std::string> agreement;
};
// Then NHS number and case reference come as two lines of data: they are identifiers.
struct TracePrepare {
  std::optional<std::string> agreement;
  TraceWanted wanted;
};
// A person's statement about a trace: the practitioner's, or the approver's.
struct TraceSigned {
  std::optional<std::string> agreement;
  SessionId id;
  bool approval = false;
  Bytes statement;
};
struct TraceCollect {
  std::optional<std::string> agreement;
  SessionId id;
  Bytes statement;
  std::chrono::seconds wait{0};
};
struct TraceShow {
  std::optional<std::string> agreement;
  SessionId id;
  bool opening = false;  // of its case reference, in place of the trace
};
struct TraceList {
  std::optional<std::string> agreement;
};

using Command =
    std::variant<StatusCommand, ListCommand, KeysStatusCommand, InstallCommand, RenewCommand,
                 RevokeCommand, PeersCommand, ImportCommand, AskCommand, ResultCommand, ShowCommand,
                 ReadCommand, WithholdAdd, WithholdEnded, WithholdList, DutySet, DutyShow,
                 TracePrepare, TraceSigned, TraceCollect, TraceShow, TraceList, FetchCommand>;

// Errors: usage, naming the field; bad_input: not a request, or a file in it that its decoder
// refuses.
Result<Command> parse_command(std::string_view request);

}  // namespace hedgerow::core
