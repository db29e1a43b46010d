#include "node/core/hub_rows.h"

#include <memory>

#include "crypto/hash.h"
#include "node/audit/receipt.h"

namespace hedgerow::core {

namespace {

constexpr std::string_view kAttemptKind = "sum-hub-attempt";
constexpr std::string_view kMatchKind = "sum-hub-match-rates";
constexpr std::string_view kPublishedKind = "edition-published";
constexpr std::chrono::hours kKeptFor{24 * 366 * 10};

SessionId row_of(const protocol::sum::ReleaseId& release) { return {release.bytes}; }

SessionId row_of_edition(std::uint64_t sequence) {
  Writer w;
  w.text(kPublishedKind).u64(sequence);
  return *SessionId::from(ByteView(sha256(w.data())).first(16));
}

}  // namespace

Result<std::uint32_t> next_attempt(store::LineageStore& store,
                                   const protocol::sum::ReleaseId& release) {
  HR_ASSIGN(const auto row, store.sessions().get(row_of(release), std::string(kAttemptKind)));
  if (!row) return std::uint32_t{1};
  Reader r(row->state);
  const std::uint32_t last = r.u32();
  HR_TRY(r.finish("stored attempt"));
  return last + 1;
}

Result<void> keep_attempt(store::LineageStore& store, const protocol::sum::ReleaseId& release,
                          std::uint32_t attempt, UtcTime now) {
  Writer w;
  w.u32(attempt);
  const store::Session row{row_of(release),
                           std::string(kAttemptKind),
                           {},
                           WipingBytes(w.data().begin(), w.data().end()),
                           now + kKeptFor,
                           false};
  return store.sessions().put(row);
}

Work::Write keep_role(const SessionId& session, const SessionId& question, const SecretBytes& state,
                      UtcTime now) {
  const auto row = std::make_shared<store::Session>();
  row->id = session;
  row->kind = kHubRoleKind;
  row->peer = question.hex();
  row->state.assign(state.expose().begin(), state.expose().end());
  row->not_after = now + kKeptFor;
  return [row](store::LineageStore& s) { return s.sessions().put(*row); };
}

Result<bool> is_published(store::LineageStore& store, std::uint64_t sequence) {
  HR_ASSIGN(const auto row,
            store.sessions().get(row_of_edition(sequence), std::string(kPublishedKind)));
  return row.has_value();
}

Result<void> set_published(store::LineageStore& store, std::uint64_t sequence, UtcTime now) {
  const store::Session row{
      row_of_edition(sequence), std::string(kPublishedKind), {}, {}, now + kKeptFor, false};
  return store.sessions().put(row);
}

Result<std::map<PartyId, Bytes>> match_rates_of(store::LineageStore& store,
                                                const protocol::sum::ReleaseId& release) {
  HR_ASSIGN(const auto row, store.sessions().get(row_of(release), std::string(kMatchKind)));
  if (!row) return std::map<PartyId, Bytes>();
  return decode_receipts(row->state);
}

Work::Write keep_match_rates(const protocol::sum::ReleaseId& release,
                             const std::map<PartyId, Bytes>& statements, UtcTime now) {
  return [release, bytes = encode_receipts(statements), now](store::LineageStore& s) {
    return s.sessions().put({row_of(release),
                             std::string(kMatchKind),
                             {},
                             WipingBytes(bytes.begin(), bytes.end()),
                             now + kKeptFor,
                             false});
  };
}

Result<void> check_receipt(ByteView bytes, const Peer& party, const Sha256& answer) {
  const auto blame = [&](Error e) {
    e.culprit = party.id.str();
    return e;
  };
  auto receipt = audit::decode_receipt(bytes);
  if (!receipt.ok()) return blame(std::move(receipt).error());
  const NoteKey key{audit::log_name(party.id), party.keys().log};
  auto verified = audit::verify(*receipt, key);
  if (!verified.ok()) return blame(std::move(verified).error());
  if (!verified->has_entry || verified->entry.kind != "answer" ||
      verified->entry.field("answer") != answer.hex())
    return blame(bad_input("the receipt is for another entry than this answer's"));
  return {};
}

}  // namespace hedgerow::core
