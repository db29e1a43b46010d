#include "protocol/release.h"

#include <algorithm>

#include "crypto/domains.h"
#include "crypto/hash.h"

namespace hedgerow::protocol {

namespace {

constexpr std::size_t kMinNameField = 4 + 3;  // a length and the shortest name

bool is_label(std::string_view s) {
  return !s.empty() && s.size() <= kMaxNameBytes &&
         std::ranges::all_of(s, [](char c) { return c > ' ' && c <= '~'; });
}

}  // namespace

ReleaseId release_id(const Lineage& lineage, std::string_view grant, std::string_view table,
                     std::string_view period) {
  Writer w;
  w.text(kDomainRelease).text(lineage.str()).text(grant).text(table).text(period);
  const ByteArray<32> hash = sha256(w.data());
  ReleaseId id;
  std::copy_n(hash.begin(), id.bytes.size(), id.bytes.begin());
  return id;
}

Result<Bytes> read_statement_of(MessageType type, const StatementHeader& expected,
                                const VerifyKey& key, ByteView statement, const PartyId& blame) {
  auto decoded = Statement::decode(statement);
  if (!decoded.ok() || !decoded->verify_signature(key, type).ok())
    return culprit_error(
        "not a " + std::string(name_of(type)) + " signed by " + expected.sender.str(), blame.str());
  if (decoded->header() != expected)
    return culprit_error("a " + std::string(name_of(type)) + " of " + expected.sender.str() +
                             " that belongs elsewhere",
                         blame.str());
  return decoded->body();
}

void write_attempt_id(Writer& w, const AttemptId& id) { w.raw(id.release.view()).u32(id.attempt); }

AttemptId read_attempt_id(Reader& r) {
  AttemptId id;
  id.release.bytes = r.array<16>();
  id.attempt = r.u32();
  return id;
}

void write_thresholds(Writer& w, const Thresholds& t) {
  w.u32(t.min_children).u32(t.min_agencies).u32(t.round_to).u8(t.true_zero ? 1 : 0);
}

Thresholds read_thresholds(Reader& r) {
  Thresholds t;
  t.min_children = r.u32();
  t.min_agencies = r.u32();
  t.round_to = r.u32();
  const std::uint8_t true_zero = r.u8();
  if (true_zero > 1) r.fail();
  t.true_zero = true_zero == 1;
  return t;
}

std::string read_label(Reader& r) {
  std::string s = r.text(kMaxNameBytes);
  if (!is_label(s)) r.fail();
  return s;
}

void write_parties(Writer& w, const std::vector<PartyId>& parties) {
  w.u32(static_cast<std::uint32_t>(parties.size()));
  for (const PartyId& p : parties) w.text(p.str());
}

std::vector<PartyId> read_parties(Reader& r, std::size_t min, std::size_t max) {
  std::vector<PartyId> parties;
  const std::size_t n = r.count(max, kMinNameField);
  for (std::size_t i = 0; i < n; ++i) parties.push_back(read_name_of<PartyId>(r));
  const bool ascending =
      std::ranges::adjacent_find(parties, std::greater_equal<>()) == parties.end();
  if (n < min || !ascending) r.fail();
  return parties;
}

}  // namespace hedgerow::protocol
