// Everything of one lineage in one SQLCipher database, so that what must change together does.
//
//   HR_ASSIGN(Transaction t, Transaction::begin(store.database()));
//   HR_TRY(store.ledger().charge(...));
//   HR_TRY(store.outbox().add(...));
//   HR_ASSIGN(std::uint64_t generation, t.commit(position_of_log));
//
// The parts (records(), outbox(), ...) are views: cheap, and valid as long as the store.
#pragma once

#include <filesystem>
#include <memory>
#include <optional>

#include "crypto/base/bytes.h"
#include "crypto/base/ids.h"
#include "crypto/base/result.h"
#include "crypto/base/secret.h"
#include "node/store/agreements.h"
#include "node/store/children.h"
#include "node/store/database.h"
#include "node/store/key_shares.h"
#include "node/store/ledger.h"
#include "node/store/records.h"
#include "node/store/releases.h"
#include "node/store/revocations.h"
#include "node/store/sessions.h"
#include "node/store/traces.h"
#include "node/store/withheld.h"

namespace hedgerow::store {

using ReferenceKey = Secret<struct ReferenceKeyTag, 32>;  // for keyed hashes of references

// Whom a practitioner may ring, and when. Two lines of text, neither empty, together at most
// kMaxDutyContact bytes of UTF-8, so that both fit into a record of a directory
// (docs/design/trace.md) with their lengths.
struct DutyContact {
  std::string contact;
  std::string hours;
  friend bool operator==(const DutyContact&, const DutyContact&) = default;
};
inline constexpr std::size_t kMaxDutyContact = 224 - 2 * sizeof(std::uint16_t);

class LineageStore {
 public:
  // Draws the reference key. Errors as Database::open.
  static Result<LineageStore> create(const std::filesystem::path& path, const Lineage& lineage,
                                     const SecretBytes& key, Durability durability, Random& rng);
  // configuration: also where the file is another lineage's.
  static Result<LineageStore> open(const std::filesystem::path& path, const Lineage& lineage,
                                   const SecretBytes& key, Durability durability);

  const Lineage& lineage() const { return lineage_; }
  Database& database() { return *db_; }
  const ReferenceKey& reference_key() const { return reference_key_; }

  // The agency's re-identification public key (X25519).
  Result<std::optional<ByteArray<32>>> reidentification_key();
  Result<void> set_reidentification_key(const ByteArray<32>& key);  // writes

  // This party's own; none: what the agreement says holds.
  Result<std::optional<DutyContact>> duty_contact();
  // Writes. bad_input: a text that is empty, too long, or has control characters.
  Result<void> set_duty_contact(const DutyContact& contact);
  static Result<void> check(const DutyContact& contact);

  Agreements agreements() { return Agreements(*db_); }
  Revocations revocations() { return Revocations(*db_); }
  KeyShares key_shares() { return KeyShares(*db_); }
  Records records() { return Records(*db_); }
  Children children() { return Children(*db_); }
  Withheld withheld() { return Withheld(*db_); }
  Traces traces() { return Traces(*db_); }
  Sessions sessions() { return Sessions(*db_); }
  Replay replay() { return Replay(*db_); }
  Outbox outbox() { return Outbox(*db_); }
  Ledger ledger() { return Ledger(*db_); }
  Editions editions() { return Editions(*db_); }
  Attempts attempts() { return Attempts(*db_); }
  Questions questions() { return Questions(*db_); }

 private:
  LineageStore(std::unique_ptr<Database> db, Lineage lineage, ReferenceKey key)
      : db_(std::move(db)), lineage_(std::move(lineage)), reference_key_(std::move(key)) {}
  std::unique_ptr<Database> db_;
  Lineage lineage_;
  ReferenceKey reference_key_;
};

}  // namespace hedgerow::store
