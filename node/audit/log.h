// The node's audit log: an append-only file, a Merkle tree over its entries, and the confirmed
// state beside it. Files (docs/design/audit-log.md):
//
//   DIR/entries      records: u32 length, entry bytes, first 8 bytes of the leaf hash
//   DIR/confirmed    two slots, each with a checksum; the newer valid one counts
//
// Order of an exchange (architecture.md rule 2): append -> commit of the database -> confirm ->
// send. Nothing made from the log (checkpoint, proof, receipt) may leave the node before confirm.
// Memory: 72 bytes an entry. One thread; every write is synchronous.
#pragma once

#include <cstdint>
#include <filesystem>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "crypto/base/ids.h"
#include "crypto/base/result.h"
#include "crypto/base/seams.h"
#include "crypto/checkpoint.h"
#include "crypto/merkle.h"
#include "crypto/sign.h"
#include "node/audit/entry.h"

namespace hedgerow::audit {

enum class Durability { full, simulated };  // simulated: no fdatasync; for the simulator only

inline constexpr std::size_t kMaxDatabases = 64;
inline constexpr std::size_t kMaxAppend = 1024;  // entries a call
inline constexpr std::uint64_t kMaxLogEntries = 64'000'000;

// The log's name, as checkpoints carry it: "hedgerow/<party>".
std::string log_name(const PartyId& party);

struct Appended {
  std::uint64_t first = 0;  // index of the first entry appended
  std::uint64_t size = 0;   // of the log, afterwards
  MerkleHash root{};        // at that size: with it the store's LogPosition
};

// What a database says of itself at the start.
struct DatabaseState {
  std::string name;  // as in entries and confirm()
  std::uint64_t generation = 0;
  std::uint64_t covered_size = 0;  // the log as of its last commit; 0: none noted
  MerkleHash covered_root{};
  bool withdrawn = false;  // gone for good: a tombstone explains it
};

struct Reconciled {
  std::uint64_t abandoned = 0;  // entries logged whose transaction never came about
  std::uint64_t caught_up = 0;  // databases whose last commit is confirmed only now
};

class Log {
 public:
  // `key` must outlive the log. create: configuration where there is one already.
  static Result<Log> create(const std::filesystem::path& directory, std::string name,
                            const SigningKey& key, Durability durability);
  // Reads the whole file, rebuilds the tree. A torn tail beyond the confirmed size is cut off
  // (cut_bytes()). configuration ("tampered"): anything wrong below the confirmed size, a root
  // that differs there, no valid confirmed slot; or no log at all.
  static Result<Log> open(const std::filesystem::path& directory, std::string name,
                          const SigningKey& key, Durability durability);
  Log(Log&&) noexcept;
  Log& operator=(Log&&) noexcept;
  ~Log();

  // All entries, or none; durable when it returns. bad_input: an entry beyond its bounds.
  // internal: the disk failed; from then on the log refuses to write until it is opened again.
  Result<Appended> append(std::span<const Entry> entries);

  // The database has committed `generation`; what was logged for it, and everything before an
  // entry that still waits for another database, is final. Durable when it returns.
  // bad_input: a generation below the confirmed one; too many databases.
  Result<void> confirm(const std::string& database, std::uint64_t generation);
  // The transaction for which entries were appended was not committed after all: appends an entry
  // "abandoned" (nothing where no entry waits).
  Result<void> abandon(const std::string& database, UtcTime now, Random& rng);
  std::uint64_t confirmed_generation(const std::string& database) const;  // 0: none
  std::uint64_t confirmed_size() const;

  // At the start, once, with the state of every database:
  //   behind its confirmed generation      -> configuration: restored from an old copy
  //   log shorter than it covered, or with
  //   another root there                   -> configuration: the log was cut or exchanged
  //   confirmed, but not among `databases` -> configuration: missing
  //   ahead of the confirmed generation    -> confirmed now
  //   entries for a generation it never
  //   reached                              -> one entry "abandoned" for each such generation
  // and confirms the outcome.
  Result<Reconciled> reconcile(std::span<const DatabaseState> databases, UtcTime now, Random& rng);

  std::uint64_t size() const;
  MerkleHash root() const;
  std::optional<UtcTime> last_time() const;  // of the last entry
  std::uint64_t cut_bytes() const;           // torn tail removed at open
  const std::string& name() const;
  NoteKey key() const;  // public

  // The present tree head, signed. The same size gives the same bytes.
  std::string checkpoint() const;
  Result<MerkleProof> inclusion_proof(std::uint64_t index, std::uint64_t size) const;
  Result<MerkleProof> consistency_proof(std::uint64_t first_size, std::uint64_t second_size) const;
  Result<Bytes> read_bytes(std::uint64_t index) const;
  Result<Entry> read(std::uint64_t index) const;

 private:
  struct Impl;
  explicit Log(std::unique_ptr<Impl> impl);
  std::unique_ptr<Impl> impl_;
};

}  // namespace hedgerow::audit
