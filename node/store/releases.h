// What was released, what was attempted, and what was asked.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "crypto/base/bytes.h"
#include "crypto/base/ids.h"
#include "crypto/base/result.h"
#include "crypto/base/seams.h"
#include "node/store/database.h"

namespace hedgerow::store {

inline constexpr std::size_t kMaxHash = 64;
inline constexpr std::size_t kMaxReleaseId = 64;
inline constexpr std::size_t kMaxEdition = 16 * 1024 * 1024;
inline constexpr std::size_t kMaxStatement = 4 * 1024 * 1024;
inline constexpr std::size_t kMaxAsker = 256;
inline constexpr std::size_t kMaxQuestionsListed = 1000;

// One link in the chain of editions. `table` may be empty where a grant's tables are released as
// one.
struct EditionRecord {
  std::uint64_t sequence = 0;  // from 1, without gaps
  std::string grant;
  std::string table;
  std::string period;
  Bytes edition;
  Bytes manifest;
  Bytes statement;
  Bytes head;  // hash of the chain up to and including this one
  UtcTime released_at{};
};

struct ChainHead {
  std::uint64_t sequence = 0;
  Bytes head;
};

class Editions {
 public:
  explicit Editions(Database& db) : db_(&db) {}

  // Writes. bad_input: bounds; a sequence that does not follow the head.
  Result<void> add(const EditionRecord& edition);
  Result<std::optional<ChainHead>> head();
  // The newest of the grant, table and period.
  Result<std::optional<EditionRecord>> find(const std::string& grant, const std::string& table,
                                            const std::string& period);
  Result<std::optional<EditionRecord>> get(std::uint64_t sequence);
  Result<std::vector<EditionRecord>> list(std::uint64_t after_sequence, std::size_t max_items);

 private:
  Database* db_;
};

// A contributor's durable marks of step 4 and 5 of the sum (cryptography.md C).
enum class AttemptState : std::uint8_t { advertised = 1, sent = 2, opened = 3, void_ = 4 };

struct AttemptRecord {
  Bytes release;  // its id or hash
  SessionId attempt;
  AttemptState state = AttemptState::advertised;
  Bytes roster_hash;        // empty until there is a roster
  Bytes masked_input_hash;  // H(y); empty until sent
};

class Attempts {
 public:
  explicit Attempts(Database& db) : db_(&db) {}

  // Writes: adds or replaces the attempt. denied: it would be opened while the release was
  // opened with another roster; bad_input: an opened attempt would become something else, or a
  // sent one would get another roster or masked input.
  Result<void> put(const AttemptRecord& attempt);
  Result<std::optional<AttemptRecord>> get(ByteView release, const SessionId& attempt);
  // The attempt with which the release was opened.
  Result<std::optional<AttemptRecord>> opened(ByteView release);
  Result<std::vector<AttemptRecord>> list(ByteView release);

 private:
  Database* db_;
};

enum class QuestionStatus : std::uint8_t { waiting = 1, answered = 2, refused = 3 };

struct QuestionRecord {
  SessionId id;
  Bytes canonical_hash;
  QuestionStatus status = QuestionStatus::waiting;
  Bytes question;  // the signed statement, exact bytes
  Bytes answer;    // the signed statement; empty while waiting
  Bytes receipts;
  UtcTime created_at{};
  std::string asker;
};

class Questions {
 public:
  explicit Questions(Database& db) : db_(&db) {}

  Result<void> put(const QuestionRecord& question);  // writes: adds or replaces
  Result<std::optional<QuestionRecord>> get(const SessionId& id);
  Result<std::vector<QuestionRecord>> waiting();                    // oldest first, bounded
  Result<std::vector<QuestionRecord>> list(std::size_t max_items);  // newest first, no bodies

 private:
  Database* db_;
};

}  // namespace hedgerow::store
