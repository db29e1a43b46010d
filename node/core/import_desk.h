// `import movements`, `ssda903` and `crosswalk`: bytes from the control socket become rows, rows
// get pseudonyms from the keyholders, and all of it becomes durable in one transaction or not at
// all.
//
// One import at a time. Identifiers are in this object from the first byte to the last
// pseudonym, and nowhere else on the node.
#pragma once

#include <memory>
#include <optional>
#include <string>

#include "node/core/exchange.h"
#include "node/core/key_desk.h"
#include "node/core/reply.h"
#include "node/import/rows.h"
#include "node/import/ssda903.h"
#include "protocol/pseudonymise/client.h"

namespace hedgerow::core {

struct ImportRequest {
  std::string source;  // of movements: the file's name, for messages
  // Not empty: the files of a return, in the order in which they will come.
  std::vector<import::ReturnFile> parts;
  bool crosswalk = false;  // `source` is one
  bool skip_bad = false;
  bool dry_run = false;
  bool replace = false;  // of a crosswalk: ask for children that have a number, too
};

class ImportDesk {
 public:
  ImportDesk(LineageContext& lineage, const KeyDesk& keys, const Environment& environment,
             const policies::CodeList& codes);
  ~ImportDesk();

  // Errors: try_again: another import is under way, or there is no key yet (a dry run needs none);
  // denied: this party is no contributor, or the agreement is not in force; bad_input: not the
  // parts of a return.
  Result<void> begin(ImportRequest request, Reply reply, UtcTime now);
  // The file's bytes. An error ends the import.
  Result<void> feed(ByteView chunk);
  // The present file is complete. An error ends the import; after the last file `reply` hears of
  // the end.
  Result<Work> end_of_file(UtcTime now);
  bool wants_file() const;  // a file, or the next one, is still to come
  // The command's connection is gone.
  void cancel();

  bool busy() const { return run_ != nullptr; }
  bool owns(const SessionId& session) const;
  // evaluate_response, evaluate_checked, evaluate_refusal.
  Result<Work> on_message(const Delivery& delivery, UtcTime now);
  Work on_time(UtcTime now);
  std::optional<UtcTime> next_wake() const;

 private:
  struct Run;

  Result<Work> all_read(UtcTime now);
  Result<Work> crosswalk_read(UtcTime now);
  Result<Work> ask_keyholders(UtcTime now);
  Work after(protocol::Step step, UtcTime now);
  Result<Work> store_rows(UtcTime now);
  Result<Work> store_crosswalk(UtcTime now);
  void fail(const Error& error);

  LineageContext& lineage_;
  const KeyDesk& keys_;
  Environment env_;
  const policies::CodeList& codes_;
  std::unique_ptr<Run> run_;
};

}  // namespace hedgerow::core
