#include "protocol/sum/messages.h"

#include <algorithm>

#include "crypto/domains.h"
#include "crypto/hash.h"

namespace hedgerow::protocol::sum {

namespace {

Hash64 read_hash(Reader& r) { return Hash64{r.array<64>()}; }

}  // namespace

Bytes Manifest::encode() const {
  Writer w;
  w.raw(release.view()).text(lineage.str()).raw(agreement.view());
  w.text(grant).text(table).text(period).text(place_level);
  w.raw(cell_space.view()).u32(cells);
  write_parties(w, contributors);
  w.raw(editions_head.view());
  write_thresholds(w, thresholds);
  w.u32(attempt).time(expiry);
  return std::move(w).take();
}

Result<Manifest> Manifest::decode(ByteView bytes) {
  Reader r(bytes);
  Manifest m;
  m.release.bytes = r.array<16>();
  m.lineage = read_name_of<Lineage>(r);
  m.agreement.bytes = r.array<32>();
  m.grant = read_label(r);
  m.table = read_label(r);
  m.period = read_label(r);
  m.place_level = read_label(r);
  m.cell_space.bytes = r.array<32>();
  m.cells = r.u32();
  const std::size_t n = r.count(kMaxContributors, 7);
  for (std::size_t i = 0; i < n; ++i) m.contributors.push_back(read_name_of<PartyId>(r));
  m.editions_head.bytes = r.array<32>();
  m.thresholds = read_thresholds(r);
  m.attempt = r.u32();
  m.expiry = r.time();
  HR_TRY(r.finish("sum manifest"));
  if (m.cells == 0 || m.cells > kMaxCells)
    return bad_input("sum manifest: the number of cells is out of bounds");
  if (n < kMinContributors) return bad_input("sum manifest: fewer than three contributors");
  if (std::ranges::adjacent_find(m.contributors, std::greater_equal<>()) != m.contributors.end())
    return bad_input("sum manifest: the contributors are not in ascending order");
  // There is always a next one.
  if (m.attempt == 0 || m.attempt == UINT32_MAX)
    return bad_input("sum manifest: attempts count from 1, and not to the end");
  return m;
}

Bytes Advert::encode() const {
  Writer w;
  write_attempt_id(w, id);
  w.raw(key.view());
  return std::move(w).take();
}

Result<Advert> Advert::decode(ByteView bytes) {
  Reader r(bytes);
  Advert a;
  a.id = read_attempt_id(r);
  const ByteView key = r.raw(32);
  HR_TRY(r.finish("sum advert"));
  HR_ASSIGN(a.key, MaskPublicKey::decode(key));
  return a;
}

Bytes StatementList::encode() const {
  Writer w;
  write_attempt_id(w, id);
  w.u32(static_cast<std::uint32_t>(statements.size()));
  for (const Bytes& s : statements) w.bytes(s);
  return std::move(w).take();
}

Result<StatementList> StatementList::decode(ByteView bytes) {
  Reader r(bytes);
  StatementList list;
  list.id = read_attempt_id(r);
  const std::size_t n = r.count(kMaxContributors, 4);
  for (std::size_t i = 0; i < n; ++i)
    list.statements.push_back(to_bytes(r.bytes(kMaxSmallStatement)));
  HR_TRY(r.finish("list of sum statements"));
  return list;
}

Hash64 roster_hash(ByteView manifest_statement, ByteView roster) {
  Writer w;
  w.text(kDomainSumRoster).bytes(manifest_statement).bytes(roster);
  return Hash64{sha512(w.data())};
}

Bytes RosterSignature::encode() const {
  Writer w;
  write_attempt_id(w, id);
  w.raw(roster.view());
  return std::move(w).take();
}

Result<RosterSignature> RosterSignature::decode(ByteView bytes) {
  Reader r(bytes);
  RosterSignature s;
  s.id = read_attempt_id(r);
  s.roster = read_hash(r);
  HR_TRY(r.finish("sum roster signature"));
  return s;
}

Bytes MaskedInput::encode() const {
  Writer w;
  write_attempt_id(w, id);
  w.raw(roster.view()).u32(static_cast<std::uint32_t>(y.size()));
  for (const std::uint64_t v : y) w.u64(v);
  return std::move(w).take();
}

Result<MaskedInput> MaskedInput::decode(ByteView bytes) {
  Reader r(bytes);
  MaskedInput m;
  m.id = read_attempt_id(r);
  m.roster = read_hash(r);
  const std::size_t n = r.count(kVectors * kMaxCells, 8);
  m.y.reserve(n);
  for (std::size_t i = 0; i < n; ++i) m.y.push_back(r.u64());
  HR_TRY(r.finish("masked input"));
  return m;
}

Hash64 masked_input_hash(ByteView masked_input) {
  Writer w;
  w.text(kDomainSumMaskedInput).bytes(masked_input);
  return Hash64{sha512(w.data())};
}

Bytes MaskedHash::encode() const {
  Writer w;
  write_attempt_id(w, id);
  w.raw(roster.view()).raw(masked_input.view());
  return std::move(w).take();
}

Result<MaskedHash> MaskedHash::decode(ByteView bytes) {
  Reader r(bytes);
  MaskedHash m;
  m.id = read_attempt_id(r);
  m.roster = read_hash(r);
  m.masked_input = read_hash(r);
  HR_TRY(r.finish("masked hash"));
  return m;
}

Bytes Opening::encode() const {
  Writer w;
  write_attempt_id(w, id);
  w.raw(roster.view()).raw(seed.expose());
  return std::move(w).take();
}

Result<Opening> Opening::decode(ByteView bytes) {
  Reader r(bytes);
  Opening o;
  o.id = read_attempt_id(r);
  o.roster = read_hash(r);
  const ByteView seed = r.raw(MaskSeed::kSize);
  HR_TRY(r.finish("sum opening"));
  o.seed = MaskSeed::copy_from(seed.first<MaskSeed::kSize>());
  return o;
}

std::string_view name_of(RefusalReason reason) {
  switch (reason) {
    case RefusalReason::denied:
      return "denied";
    case RefusalReason::editions:
      return "editions";
    case RefusalReason::opened:
      return "opened";
    case RefusalReason::not_ready:
      return "not-ready";
    case RefusalReason::void_attempt:
      return "void";
  }
  return {};
}

Code code_of(RefusalReason reason) {
  switch (reason) {
    case RefusalReason::denied:
    case RefusalReason::editions:
    case RefusalReason::opened:
      return Code::denied;
    case RefusalReason::not_ready:
    case RefusalReason::void_attempt:
      return Code::try_again;
  }
  return Code::internal;
}

Bytes Refusal::encode() const {
  Writer w;
  write_attempt_id(w, id);
  w.u8(static_cast<std::uint8_t>(reason)).text(text);
  return std::move(w).take();
}

Result<Refusal> Refusal::decode(ByteView bytes) {
  Reader r(bytes);
  Refusal f;
  f.id = read_attempt_id(r);
  f.reason = static_cast<RefusalReason>(r.u8());
  if (name_of(f.reason).empty()) r.fail();
  f.text = r.text(kMaxReasonText);
  if (!std::ranges::all_of(f.text, [](char c) { return c >= ' ' && c <= '~'; })) r.fail();
  HR_TRY(r.finish("sum refusal"));
  return f;
}

Bytes MatchRate::encode() const {
  Writer w;
  w.raw(release.view()).u8(band);
  return std::move(w).take();
}

Result<MatchRate> MatchRate::decode(ByteView bytes) {
  Reader r(bytes);
  MatchRate m;
  m.release.bytes = r.array<16>();
  m.band = r.u8();
  if (m.band > kMaxMatchBand) r.fail();
  HR_TRY(r.finish("sum match rate"));
  return m;
}

Bytes Void::encode() const {
  Writer w;
  write_attempt_id(w, id);
  return std::move(w).take();
}

Result<Void> Void::decode(ByteView bytes) {
  Reader r(bytes);
  Void v;
  v.id = read_attempt_id(r);
  HR_TRY(r.finish("sum void"));
  return v;
}

}  // namespace hedgerow::protocol::sum
