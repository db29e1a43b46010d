#include "protocol/link/messages.h"

#include <algorithm>

#include "crypto/domains.h"
#include "crypto/hash.h"

namespace hedgerow::protocol::link {

namespace {

constexpr std::size_t kMaxItems = std::size_t{1} << 20U;  // bytes of one part

Hash64 read_hash(Reader& r) { return Hash64{r.array<64>()}; }

Result<Element> finish_element(Reader& r, ByteView element, std::string_view what) {
  HR_TRY(r.finish(what));
  return Element::decode(element);
}

Hash64 hash_of(std::string_view tag, const Hash64& qh, ByteView bytes) {
  Writer head;
  head.text(tag).bytes(qh.view()).u32(static_cast<std::uint32_t>(bytes.size()));
  Sha512 hash;
  hash.update(head.data()).update(bytes);
  return Hash64{hash.finish()};
}

bool is_printable(std::string_view s) {
  return std::ranges::all_of(s, [](char c) { return c >= ' ' && c <= '~'; });
}

void write_statements(Writer& w, const std::vector<Bytes>& statements) {
  w.u32(static_cast<std::uint32_t>(statements.size()));
  for (const Bytes& s : statements) w.bytes(s);
}

std::vector<Bytes> read_statements(Reader& r, std::size_t max) {
  std::vector<Bytes> out;
  const std::size_t n = r.count(max, 4);
  for (std::size_t i = 0; i < n; ++i) out.push_back(to_bytes(r.bytes(kMaxStatement)));
  return out;
}

Result<void> check_bounds(const Plan& p) {
  const auto bad = [](std::string_view what) {
    return bad_input("link plan: " + std::string(what) + " out of bounds");
  };
  // There is always a next one.
  if (p.id.attempt == 0 || p.id.attempt == UINT32_MAX) return bad("the number of the attempt is");
  if (p.cells == 0 || p.cells > kMaxCells) return bad("the number of cells is");
  if (p.entries < kMinEntries || p.entries > kMaxEntries) return bad("the number of entries is");
  if (p.all_entries() > kMaxAllEntries) return bad("the number of all entries is");
  if (p.cells_per_child == 0 || p.cells_per_child > kMaxPerChild) return bad("cells a child are");
  if (p.episodes_per_child == 0 || p.episodes_per_child > kMaxPerChild)
    return bad("episodes a child are");
  return {};
}

}  // namespace

Bytes Plan::encode() const {
  Writer w;
  write_attempt_id(w, id);
  w.text(lineage.str()).raw(agreement.view()).text(grant).text(table).text(period);
  w.u8(static_cast<std::uint8_t>(kind)).raw(cell_space.view()).u32(cells);
  write_parties(w, contributors);
  write_parties(w, mixers);
  w.u32(entries).u32(cells_per_child).u32(episodes_per_child).raw(editions_head.view());
  write_thresholds(w, thresholds);
  w.time(expiry);
  return std::move(w).take();
}

Result<Plan> Plan::decode(ByteView bytes) {
  Reader r(bytes);
  Plan p;
  p.id = read_attempt_id(r);
  p.lineage = read_name_of<Lineage>(r);
  p.agreement.bytes = r.array<32>();
  p.grant = read_label(r);
  p.table = read_label(r);
  p.period = read_label(r);
  const std::uint8_t kind = r.u8();
  if (kind < 1 || kind > 3) r.fail();
  p.kind = static_cast<Kind>(kind);
  p.cell_space.bytes = r.array<32>();
  p.cells = r.u32();
  p.contributors = read_parties(r, kMinContributors, kMaxContributors);
  p.mixers = read_parties(r, kMinMixers, kMaxMixers);
  p.entries = r.u32();
  p.cells_per_child = r.u32();
  p.episodes_per_child = r.u32();
  p.editions_head.bytes = r.array<32>();
  p.thresholds = read_thresholds(r);
  p.expiry = r.time();
  HR_TRY(r.finish("link plan"));
  HR_TRY(check_bounds(p));
  return p;
}

std::string key_context(const AttemptId& id, const PartyId& mixer) {
  Writer w;
  w.text(kDomainLinkKey);
  write_attempt_id(w, id);
  w.text(mixer.str());
  return std::string(as_text(w.data()));
}

std::string evaluation_context(const Hash64& qh) {
  Writer w;
  w.text(kDomainLinkEvaluation).raw(qh.view());
  return std::string(as_text(w.data()));
}

namespace {

void write_keys(Writer& w, const MixerKeys& k) {
  w.raw(k.evaluation.bytes()).raw(k.seal.view()).raw(k.proof.encode());
}

struct RawKeys {
  ByteView evaluation, seal, proof;
};

RawKeys read_keys(Reader& r) {
  RawKeys k;
  k.evaluation = r.raw(Element::kSize);
  k.seal = r.raw(32);
  k.proof = r.raw(DleqProof::kSize);
  return k;
}

Result<MixerKeys> decode_keys(const RawKeys& raw) {
  HR_ASSIGN(const Element evaluation, Element::decode(raw.evaluation));
  HR_ASSIGN(const SealPublicKey seal, SealPublicKey::decode(raw.seal));
  HR_ASSIGN(const DleqProof proof, DleqProof::decode(raw.proof));
  return MixerKeys{evaluation, seal, proof};
}

}  // namespace

Bytes Key::encode() const {
  Writer w;
  write_attempt_id(w, id);
  write_keys(w, keys);
  return std::move(w).take();
}

Result<Key> Key::decode(ByteView bytes) {
  Reader r(bytes);
  const AttemptId id = read_attempt_id(r);
  const RawKeys raw = read_keys(r);
  HR_TRY(r.finish("link key"));
  HR_ASSIGN(const MixerKeys keys, decode_keys(raw));
  return Key{id, keys};
}

Bytes Manifest::encode() const {
  Writer w;
  w.bytes(plan.encode());
  w.u32(static_cast<std::uint32_t>(keys.size()));
  for (const MixerKeys& k : keys) write_keys(w, k);
  w.raw(hub_key.view());
  return std::move(w).take();
}

Result<Manifest> Manifest::decode(ByteView bytes) {
  Reader r(bytes);
  const ByteView plan = r.bytes(kMaxManifestStatement);
  std::vector<RawKeys> raw;
  const std::size_t n = r.count(kMaxMixers, Element::kSize + 32 + DleqProof::kSize);
  for (std::size_t i = 0; i < n; ++i) raw.push_back(read_keys(r));
  const ByteView hub = r.raw(32);
  HR_TRY(r.finish("link manifest"));
  Manifest m;
  HR_ASSIGN(m.plan, Plan::decode(plan));
  if (n != m.plan.mixers.size()) return bad_input("link manifest: not a key of each mixer");
  for (const RawKeys& k : raw) {
    HR_ASSIGN(const MixerKeys keys, decode_keys(k));
    m.keys.push_back(keys);
  }
  HR_ASSIGN(m.hub_key, SealPublicKey::decode(hub));
  return m;
}

Hash64 manifest_hash(ByteView manifest_statement) {
  Writer w;
  w.text(kDomainLinkManifest).bytes(manifest_statement);
  return Hash64{sha512(w.data())};
}

Bytes Begin::encode() const {
  Writer w;
  w.bytes(manifest);
  write_statements(w, signatures);
  return std::move(w).take();
}

Result<Begin> Begin::decode(ByteView bytes) {
  Reader r(bytes);
  Begin b;
  b.manifest = to_bytes(r.bytes(kMaxManifestStatement));
  b.signatures = read_statements(r, kMaxMixers);
  HR_TRY(r.finish("link begin"));
  return b;
}

Bytes Vouched::encode() const {
  Writer w;
  write_attempt_id(w, id);
  w.raw(qh.view()).u32(count).raw(hash.view());
  return std::move(w).take();
}

Result<Vouched> Vouched::decode(ByteView bytes) {
  Reader r(bytes);
  Vouched v;
  v.id = read_attempt_id(r);
  v.qh = read_hash(r);
  v.count = r.u32();
  v.hash = read_hash(r);
  HR_TRY(r.finish("link statement"));
  return v;
}

Bytes Counts::encode() const {
  Writer w;
  write_attempt_id(w, id);
  w.raw(qh.view()).u32(in).raw(hash_in.view()).u32(out).raw(hash_out.view());
  w.raw(shown.view());
  return std::move(w).take();
}

Result<Counts> Counts::decode(ByteView bytes) {
  Reader r(bytes);
  Counts c;
  c.id = read_attempt_id(r);
  c.qh = read_hash(r);
  c.in = r.u32();
  c.hash_in = read_hash(r);
  c.out = r.u32();
  c.hash_out = read_hash(r);
  c.shown = read_hash(r);
  HR_TRY(r.finish("link counts"));
  return c;
}

Bytes Part::encode() const {
  Writer w;
  write_attempt_id(w, id);
  w.u32(first).bytes(items);
  return std::move(w).take();
}

Result<Part> Part::decode(ByteView bytes) {
  Reader r(bytes);
  Part p;
  p.id = read_attempt_id(r);
  p.first = r.u32();
  p.items = to_bytes(r.bytes(kMaxItems));
  HR_TRY(r.finish("part of a link list"));
  return p;
}

Bytes Check::encode() const {
  Writer w;
  write_attempt_id(w, id);
  w.raw(element.bytes());
  return std::move(w).take();
}

Result<Check> Check::decode(ByteView bytes) {
  Reader r(bytes);
  const AttemptId id = read_attempt_id(r);
  const ByteView raw = r.raw(Element::kSize);
  HR_ASSIGN(const Element element, finish_element(r, raw, "link check"));
  return Check{id, element};
}

Bytes Checked::encode() const {
  Writer w;
  write_attempt_id(w, id);
  w.raw(element.bytes()).raw(proof.encode());
  return std::move(w).take();
}

Result<Checked> Checked::decode(ByteView bytes) {
  Reader r(bytes);
  const AttemptId id = read_attempt_id(r);
  const ByteView raw = r.raw(Element::kSize);
  const ByteView proof_bytes = r.raw(DleqProof::kSize);
  HR_ASSIGN(const Element element, finish_element(r, raw, "link check"));
  HR_ASSIGN(const DleqProof proof, DleqProof::decode(proof_bytes));
  return Checked{id, element, proof};
}

Bytes WholeProof::encode() const {
  Writer w;
  write_attempt_id(w, id);
  w.raw(proof.encode());
  return std::move(w).take();
}

Result<WholeProof> WholeProof::decode(ByteView bytes) {
  Reader r(bytes);
  const AttemptId id = read_attempt_id(r);
  const ByteView raw = r.raw(DleqProof::kSize);
  HR_TRY(r.finish("link proof"));
  HR_ASSIGN(const DleqProof proof, DleqProof::decode(raw));
  return WholeProof{id, proof};
}

Bytes encode_id(const AttemptId& id) {
  Writer w;
  write_attempt_id(w, id);
  return std::move(w).take();
}

Result<AttemptId> decode_id(ByteView bytes) {
  Reader r(bytes);
  const AttemptId id = read_attempt_id(r);
  HR_TRY(r.finish("link message"));
  return id;
}

Bytes Cascade::encode() const {
  Writer w;
  write_attempt_id(w, id);
  write_statements(w, entries);
  write_statements(w, counts);
  return std::move(w).take();
}

Result<Cascade> Cascade::decode(ByteView bytes) {
  Reader r(bytes);
  Cascade c;
  c.id = read_attempt_id(r);
  c.entries = read_statements(r, kMaxContributors);
  c.counts = read_statements(r, kMaxMixers);
  HR_TRY(r.finish("link cascade"));
  return c;
}

Bytes Confirmations::encode() const {
  Writer w;
  write_attempt_id(w, id);
  write_statements(w, statements);
  return std::move(w).take();
}

Result<Confirmations> Confirmations::decode(ByteView bytes) {
  Reader r(bytes);
  Confirmations c;
  c.id = read_attempt_id(r);
  c.statements = read_statements(r, kMaxContributors);
  HR_TRY(r.finish("link confirmations"));
  return c;
}

std::string_view name_of(RefusalReason reason) {
  switch (reason) {
    case RefusalReason::denied:
      return "denied";
    case RefusalReason::editions:
      return "editions";
    case RefusalReason::sent:
      return "sent";
    case RefusalReason::not_ready:
      return "not-ready";
    case RefusalReason::restarted:
      return "restarted";
    case RefusalReason::deviation:
      return "deviation";
    case RefusalReason::expired:
      return "expired";
  }
  return {};
}

Code code_of(RefusalReason reason) {
  switch (reason) {
    case RefusalReason::not_ready:
    case RefusalReason::restarted:
    case RefusalReason::deviation:
    case RefusalReason::expired:
      return Code::try_again;
    case RefusalReason::denied:
    case RefusalReason::editions:
    case RefusalReason::sent:
      return Code::denied;
  }
  return Code::denied;
}

Bytes Refusal::encode() const {
  Writer w;
  write_attempt_id(w, id);
  w.u8(static_cast<std::uint8_t>(reason)).text(culprit).text(text);
  return std::move(w).take();
}

Result<Refusal> Refusal::decode(ByteView bytes) {
  Reader r(bytes);
  Refusal f;
  f.id = read_attempt_id(r);
  f.reason = static_cast<RefusalReason>(r.u8());
  f.culprit = r.text(kMaxNameBytes);
  f.text = r.text(kMaxReasonText);
  if (name_of(f.reason).empty() || !is_printable(f.text) ||
      (!f.culprit.empty() && !is_valid_name(f.culprit)))
    r.fail();
  HR_TRY(r.finish("link refusal"));
  return f;
}

Hash64 list_hash(const Hash64& qh, ByteView elements) {
  return hash_of(kDomainLinkList, qh, elements);
}

Hash64 onions_hash(const Hash64& qh, ByteView onions) {
  return hash_of(kDomainLinkOnions, qh, onions);
}

Hash64 stated_hash(const Hash64& qh, const std::vector<Hash64>& stated) {
  Bytes all;
  for (const Hash64& h : stated) all.insert(all.end(), h.bytes.begin(), h.bytes.end());
  return hash_of(kDomainLinkStated, qh, all);
}

Hash64 batch_hash(const Hash64& qh, ByteView ciphertexts) {
  return hash_of(kDomainLinkBatch, qh, ciphertexts);
}

Hash64 hashes_hash(const Hash64& qh, ByteView hashes) {
  return hash_of(kDomainLinkHashes, qh, hashes);
}

EntryHash entry_hash(ByteView innermost_ciphertext) {
  Writer w;
  w.text(kDomainLinkEntry).bytes(innermost_ciphertext);
  const ByteArray<64> hash = sha512(w.data());
  EntryHash out{};
  std::copy_n(hash.begin(), out.size(), out.begin());
  return out;
}

Bytes sorted_hashes(ByteView ciphertexts, std::size_t size) {
  std::vector<EntryHash> hashes;
  for (std::size_t at = 0; at < ciphertexts.size(); at += size)
    hashes.push_back(entry_hash(ciphertexts.subspan(at, size)));
  std::ranges::sort(hashes);
  Bytes out;
  out.reserve(hashes.size() * kEntryHashSize);
  for (const EntryHash& h : hashes) out.insert(out.end(), h.begin(), h.end());
  return out;
}

}  // namespace hedgerow::protocol::link
