#include "node/store/releases.h"

#include <algorithm>

#include "node/store/records.h"
#include "node/store/row.h"

namespace hedgerow::store {

namespace {

Result<EditionRecord> read_edition(const Statement& s) {
  EditionRecord e;
  e.sequence = s.unsigned_integer(0);
  e.grant = s.text(1);
  e.table = s.text(2);
  e.period = s.text(3);
  e.edition = s.blob(4);
  e.manifest = s.blob(5);
  e.statement = s.blob(6);
  e.head = s.blob(7);
  e.released_at = s.time(8);
  return e;
}

Result<std::optional<EditionRecord>> read_one_edition(Statement& s) {
  HR_ASSIGN(const bool found, s.step());
  if (!found) return std::optional<EditionRecord>();
  HR_ASSIGN(EditionRecord e, read_edition(s));
  return std::optional<EditionRecord>(std::move(e));
}

#define HR_EDITION_COLUMNS \
  "seq, grant_id, table_name, period, edition, manifest, statement, head, released_at"

}  // namespace

Result<void> Editions::add(const EditionRecord& e) {
  HR_TRY(check_size(e.grant.size(), kMaxGrantName, "a grant's name"));
  HR_TRY(check_size(e.table.size(), kMaxGrantName, "a table's name"));
  HR_TRY(check_size(e.period.size(), kMaxPeriodName, "a period's name"));
  HR_TRY(check_size(e.edition.size(), kMaxEdition, "an edition"));
  HR_TRY(check_size(e.manifest.size(), kMaxStatement, "a manifest"));
  HR_TRY(check_size(e.statement.size(), kMaxStatement, "a statement"));
  HR_TRY(check_size(e.head.size(), kMaxHash, "a hash"));
  HR_ASSIGN(const std::optional<ChainHead> last, head());
  if (e.sequence != (last ? last->sequence : 0) + 1)
    return bad_input("an edition that does not follow the last one");
  Statement s = db_->prepare("INSERT INTO edition (" HR_EDITION_COLUMNS
                             ") VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9)");
  return s.bind(1, e.sequence)
      .bind(2, e.grant)
      .bind(3, e.table)
      .bind(4, e.period)
      .bind(5, ByteView(e.edition))
      .bind(6, ByteView(e.manifest))
      .bind(7, ByteView(e.statement))
      .bind(8, ByteView(e.head))
      .bind(9, e.released_at)
      .run();
}

Result<std::optional<ChainHead>> Editions::head() {
  Statement s = db_->prepare("SELECT seq, head FROM edition ORDER BY seq DESC LIMIT 1");
  HR_ASSIGN(const bool found, s.step());
  if (!found) return std::optional<ChainHead>();
  return std::optional<ChainHead>(ChainHead{s.unsigned_integer(0), s.blob(1)});
}

Result<std::optional<EditionRecord>> Editions::find(const std::string& grant,
                                                    const std::string& table,
                                                    const std::string& period) {
  Statement s = db_->prepare("SELECT " HR_EDITION_COLUMNS
                             " FROM edition WHERE grant_id = ?1 AND table_name = ?2"
                             " AND period = ?3 ORDER BY seq DESC LIMIT 1");
  s.bind(1, grant).bind(2, table).bind(3, period);
  return read_one_edition(s);
}

Result<std::optional<EditionRecord>> Editions::get(std::uint64_t sequence) {
  Statement s = db_->prepare("SELECT " HR_EDITION_COLUMNS " FROM edition WHERE seq = ?1");
  s.bind(1, sequence);
  return read_one_edition(s);
}

Result<std::vector<EditionRecord>> Editions::list(std::uint64_t after_sequence,
                                                  std::size_t max_items) {
  Statement s = db_->prepare("SELECT " HR_EDITION_COLUMNS
                             " FROM edition WHERE seq > ?1 ORDER BY seq LIMIT ?2");
  s.bind(1, after_sequence).bind(2, std::min(max_items, kMaxQuestionsListed));
  std::vector<EditionRecord> all;
  while (true) {
    HR_ASSIGN(const bool more, s.step());
    if (!more) return all;
    HR_ASSIGN(EditionRecord e, read_edition(s));
    all.push_back(std::move(e));
  }
}

namespace {

Result<AttemptRecord> read_attempt(const Statement& s) {
  AttemptRecord a;
  a.release = s.blob(0);
  HR_ASSIGN(a.attempt, read_id<SessionId>(s, 1));
  HR_ASSIGN(a.state, read_code(s, 2, AttemptState::advertised, AttemptState::void_));
  a.roster_hash = s.blob(3);
  a.masked_input_hash = s.blob(4);
  return a;
}

Result<std::optional<AttemptRecord>> read_one_attempt(Statement& s) {
  HR_ASSIGN(const bool found, s.step());
  if (!found) return std::optional<AttemptRecord>();
  HR_ASSIGN(AttemptRecord a, read_attempt(s));
  return std::optional<AttemptRecord>(std::move(a));
}

// Whether the marks of an attempt may go from `before` to `after`.
Result<void> check_progress(const AttemptRecord& before, const AttemptRecord& after) {
  if (before.state == AttemptState::opened && after.state != AttemptState::opened)
    return bad_input("an opened attempt stays opened");
  const bool bound = before.state == AttemptState::sent || before.state == AttemptState::opened;
  if (bound && after.state == AttemptState::advertised)
    return bad_input("an attempt does not go back");
  if (bound && (before.roster_hash != after.roster_hash ||
                before.masked_input_hash != after.masked_input_hash))
    return bad_input("a masked input was sent with another roster or other bytes");
  if (before.state == AttemptState::void_ && after.state != AttemptState::void_)
    return bad_input("a void attempt stays void");
  return {};
}

}  // namespace

Result<void> Attempts::put(const AttemptRecord& a) {
  HR_TRY(check_size(a.release.size(), kMaxReleaseId, "a release's id"));
  HR_TRY(check_size(a.roster_hash.size(), kMaxHash, "a hash"));
  HR_TRY(check_size(a.masked_input_hash.size(), kMaxHash, "a hash"));
  HR_ASSIGN(const std::optional<AttemptRecord> before, get(a.release, a.attempt));
  if (before) HR_TRY(check_progress(*before, a));
  if (a.state == AttemptState::opened) {
    HR_ASSIGN(const std::optional<AttemptRecord> already, opened(a.release));
    if (already && (already->attempt != a.attempt || already->roster_hash != a.roster_hash))
      return denied("the release was opened with another roster");
  }
  Statement s = db_->prepare(
      "INSERT INTO attempt (release, attempt, state, roster_hash, masked_input_hash)"
      " VALUES (?1, ?2, ?3, ?4, ?5) ON CONFLICT (release, attempt) DO UPDATE SET state = ?3,"
      " roster_hash = ?4, masked_input_hash = ?5");
  return s.bind(1, ByteView(a.release))
      .bind(2, a.attempt.view())
      .bind(3, code_of(a.state))
      .bind(4, ByteView(a.roster_hash))
      .bind(5, ByteView(a.masked_input_hash))
      .run();
}

Result<std::optional<AttemptRecord>> Attempts::get(ByteView release, const SessionId& attempt) {
  Statement s = db_->prepare(
      "SELECT release, attempt, state, roster_hash, masked_input_hash FROM attempt"
      " WHERE release = ?1 AND attempt = ?2");
  s.bind(1, release).bind(2, attempt.view());
  return read_one_attempt(s);
}

Result<std::optional<AttemptRecord>> Attempts::opened(ByteView release) {
  Statement s = db_->prepare(
      "SELECT release, attempt, state, roster_hash, masked_input_hash FROM attempt"
      " WHERE release = ?1 AND state = ?2");
  s.bind(1, release).bind(2, code_of(AttemptState::opened));
  return read_one_attempt(s);
}

Result<std::vector<AttemptRecord>> Attempts::list(ByteView release) {
  Statement s = db_->prepare(
      "SELECT release, attempt, state, roster_hash, masked_input_hash FROM attempt"
      " WHERE release = ?1 ORDER BY number");
  s.bind(1, release);
  std::vector<AttemptRecord> all;
  while (true) {
    HR_ASSIGN(const bool more, s.step());
    if (!more) return all;
    HR_ASSIGN(AttemptRecord a, read_attempt(s));
    all.push_back(std::move(a));
  }
}

namespace {

Result<QuestionRecord> read_question(const Statement& s, bool with_bodies) {
  QuestionRecord q;
  HR_ASSIGN(q.id, read_id<SessionId>(s, 0));
  q.canonical_hash = s.blob(1);
  HR_ASSIGN(q.status, read_code(s, 2, QuestionStatus::waiting, QuestionStatus::refused));
  q.created_at = s.time(3);
  q.asker = s.text(4);
  if (with_bodies) {
    q.question = s.blob(5);
    q.answer = s.blob(6);
    q.receipts = s.blob(7);
  }
  return q;
}

Result<std::vector<QuestionRecord>> read_questions(Statement& s, bool with_bodies) {
  std::vector<QuestionRecord> all;
  while (true) {
    HR_ASSIGN(const bool more, s.step());
    if (!more) return all;
    HR_ASSIGN(QuestionRecord q, read_question(s, with_bodies));
    all.push_back(std::move(q));
  }
}

}  // namespace

Result<void> Questions::put(const QuestionRecord& q) {
  HR_TRY(check_size(q.canonical_hash.size(), kMaxHash, "a hash"));
  HR_TRY(check_size(q.question.size(), kMaxStatement, "a question"));
  HR_TRY(check_size(q.answer.size(), kMaxEdition, "an answer"));
  HR_TRY(check_size(q.receipts.size(), kMaxEdition, "an answer's receipts"));
  HR_TRY(check_size(q.asker.size(), kMaxAsker, "an asker's name"));
  Statement s = db_->prepare(
      "INSERT INTO question"
      " (id, canonical_hash, status, created_at, asker, question, answer, receipts)"
      " VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8) ON CONFLICT (id) DO UPDATE SET"
      " canonical_hash = ?2, status = ?3, created_at = ?4, asker = ?5, question = ?6,"
      " answer = ?7, receipts = ?8");
  return s.bind(1, q.id.view())
      .bind(2, ByteView(q.canonical_hash))
      .bind(3, code_of(q.status))
      .bind(4, q.created_at)
      .bind(5, q.asker)
      .bind(6, ByteView(q.question))
      .bind(7, ByteView(q.answer))
      .bind(8, ByteView(q.receipts))
      .run();
}

Result<std::optional<QuestionRecord>> Questions::get(const SessionId& id) {
  Statement s = db_->prepare(
      "SELECT id, canonical_hash, status, created_at, asker, question, answer, receipts"
      " FROM question WHERE id = ?1");
  HR_ASSIGN(const bool found, s.bind(1, id.view()).step());
  if (!found) return std::optional<QuestionRecord>();
  HR_ASSIGN(QuestionRecord q, read_question(s, true));
  return std::optional<QuestionRecord>(std::move(q));
}

Result<std::vector<QuestionRecord>> Questions::waiting() {
  Statement s = db_->prepare(
      "SELECT id, canonical_hash, status, created_at, asker, question, answer, receipts"
      " FROM question WHERE status = ?1 ORDER BY number LIMIT ?2");
  s.bind(1, code_of(QuestionStatus::waiting)).bind(2, kMaxQuestionsListed);
  return read_questions(s, true);
}

Result<std::vector<QuestionRecord>> Questions::list(std::size_t max_items) {
  Statement s = db_->prepare(
      "SELECT id, canonical_hash, status, created_at, asker FROM question"
      " ORDER BY number DESC LIMIT ?1");
  s.bind(1, std::min(max_items, kMaxQuestionsListed));
  return read_questions(s, false);
}

}  // namespace hedgerow::store
