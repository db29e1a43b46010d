#include "protocol/sum/contributor.h"

#include <algorithm>

namespace hedgerow::protocol::sum {

namespace {

constexpr std::uint8_t kStateVersion = 1;
constexpr std::size_t kMaxList = kMaxContributors * (kMaxSmallStatement + 4) + 64;
constexpr std::size_t kMaxMaskedInput = kVectors * kMaxCells * 8 + 128;

Error not_expected(const PartyId& from, std::string_view what) {
  return culprit_error("not expected now: " + std::string(what), from.str());
}

WipingVector<std::uint64_t> concatenated(const SumInput& input) {
  WipingVector<std::uint64_t> out;
  out.reserve(kVectors * input.v.size());
  for (const auto* part : {&input.v, &input.c, &input.k, &input.z})
    out.insert(out.end(), part->begin(), part->end());
  return out;
}

}  // namespace

Result<void> SumInput::check(std::size_t cells) const {
  if (v.size() != cells || c.size() != cells || k.size() != cells || z.size() != cells)
    return bad_input("the input of a sum does not fit the manifest's cells");
  for (std::size_t i = 0; i < cells; ++i) {
    if (v[i] > kMaxCellValue || c[i] > kMaxCellValue)
      return bad_input("the input of a sum has a value out of bounds");
    if (k[i] > 1 || z[i] > 1 || k[i] + z[i] != (c[i] > 0 ? 1U : 0U))
      return bad_input("the input of a sum contradicts itself");
  }
  return {};
}

Result<std::pair<SumContributor, Step>> SumContributor::begin(ContributorSetup setup, UtcTime now,
                                                              Random& rng) {
  HR_ASSIGN(Attempt attempt, Attempt::read(std::move(setup.parties), setup.manifest));
  const Manifest& m = attempt.manifest();
  const std::string& hub = attempt.parties().hub.str();
  if (!attempt.index_of(attempt.parties().self))
    return culprit_error("sum manifest: no place for this party", hub);
  if (m.lineage != setup.lineage || m.agreement != setup.agreement)
    return Error{Code::denied, "sum manifest: of another agreement", hub, {}};
  if (attempt.expired(now)) return Error{Code::denied, "sum manifest: expired", hub, {}};
  if (setup.opened && setup.opened->release == m.release)
    return Error{Code::denied, "this release has been opened already", hub, {}};
  if (m.attempt < setup.lowest_attempt)
    return Error{Code::denied, "sum manifest: of an attempt that is over", hub, {}};
  if (m.editions_head != setup.editions_head)
    return Error{Code::denied, "sum manifest: another history of releases than here", hub, {}};
  HR_TRY(setup.input.check(m.cells));

  SumContributor role(std::move(attempt));
  role.values_ = concatenated(setup.input);
  role.key_ = MaskSecretKey::random(rng);
  role.advert_ = role.attempt_.sign(
      MessageType::sum_advert, Advert{role.attempt_.id(), mask_public_key(role.key_)}.encode());
  Step step = role.recorded("sum-joined");
  step.send.push_back(role.to_hub(MessageType::sum_advert, role.advert_, now));
  step.wake_at = role.manifest().expiry + std::chrono::milliseconds(1);
  return std::pair(std::move(role), std::move(step));
}

Result<Step> SumContributor::on_message(const PartyId& from, MessageType type, ByteView body,
                                        UtcTime now, Random& rng) {
  if (from != attempt_.parties().hub)
    return culprit_error("a message of the sum that is not from the hub", from.str());
  if (phase_ == Phase::given_up)
    return Error{Code::denied, "this attempt has been given up", from.str(), {}};
  if (type == MessageType::sum_manifest) return on_manifest(body, now);
  if (type == MessageType::sum_roster) return on_roster(body, now);
  if (type == MessageType::sum_roster_signatures) return on_roster_signatures(body, now, rng);
  if (type == MessageType::sum_masked_hashes) return on_masked_hashes(body, now);
  if (type == MessageType::sum_void) return on_void(body);
  return not_expected(from, protocol::name_of(type));
}

Result<void> SumContributor::expect_time(UtcTime now) const {
  if (!attempt_.expired(now)) return {};
  return Error{Code::denied, "this attempt has expired", attempt_.parties().hub.str(), {}};
}

Result<Step> SumContributor::on_manifest(ByteView body, UtcTime now) {
  if (!std::ranges::equal(body, attempt_.manifest_statement()))
    return culprit_error("another manifest in the same session", attempt_.parties().hub.str());
  Step step;
  if (phase_ == Phase::advertised)
    step.send.push_back(to_hub(MessageType::sum_advert, advert_, now));
  return step;
}

Result<Step> SumContributor::on_roster(ByteView body, UtcTime now) {
  const PartyId& hub = attempt_.parties().hub;
  if (phase_ != Phase::advertised) {
    if (!std::ranges::equal(body, roster_))
      return culprit_error("another roster than before", hub.str());
    Step step;
    if (phase_ != Phase::opened)
      step.send.push_back(to_hub(MessageType::sum_roster_signature, signature_, now));
    return step;
  }

  HR_TRY(expect_time(now));
  HR_ASSIGN(const std::vector<MaskPublicKey> keys, read_roster(attempt_, body));
  if (keys[*attempt_.index_of(attempt_.parties().self)] != mask_public_key(key_))
    return culprit_error("a roster with another advert of this party than it made", hub.str());

  roster_ = to_bytes(body);
  roster_hash_ = roster_hash(attempt_.manifest_statement(), roster_);
  signature_ = attempt_.sign(MessageType::sum_roster_signature,
                             RosterSignature{attempt_.id(), roster_hash_}.encode());
  phase_ = Phase::roster_signed;
  Step step = recorded("sum-roster-signed");
  step.send.push_back(to_hub(MessageType::sum_roster_signature, signature_, now));
  step.wake_at = manifest().expiry + std::chrono::milliseconds(1);
  return step;
}

// y_i = x_i + PRG(b_i) + sum over j > i of PRG(k_ij) - sum over j < i of PRG(k_ij).
Result<void> SumContributor::mask(const std::vector<MaskPublicKey>& keys, Random& rng) {
  const std::size_t self = *attempt_.index_of(attempt_.parties().self);
  MaskedInput masked{attempt_.id(), roster_hash_, values_};
  MaskSeed own = MaskSeed::random(rng);
  add_mask(masked.y, own);
  for (std::size_t j = 0; j < keys.size(); ++j) {
    if (j == self) continue;
    auto seed = pairwise_seed(key_, keys[j], roster_hash_);
    if (!seed.ok()) return culprit_error(seed.error().text, manifest().contributors[j].str());
    if (j > self)
      add_mask(masked.y, *seed);
    else
      subtract_mask(masked.y, *seed);
  }
  masked_input_ = masked.encode();
  seed_ = std::move(own);
  key_ = MaskSecretKey();
  values_ = {};
  return {};
}

Result<Step> SumContributor::on_roster_signatures(ByteView body, UtcTime now, Random& rng) {
  if (phase_ == Phase::advertised)
    return not_expected(attempt_.parties().hub, "roster signatures before a roster");
  HR_TRY(check_roster_signatures(attempt_, roster_hash_, body));
  if (phase_ == Phase::opened) return Step{};  // the hub has the input, or it could not have asked

  Step step;
  if (phase_ == Phase::roster_signed) {
    HR_TRY(expect_time(now));
    HR_ASSIGN(const std::vector<MaskPublicKey> keys, read_roster(attempt_, roster_));
    HR_TRY(mask(keys, rng));
    masked_hash_ = attempt_.sign(
        MessageType::sum_masked_hash,
        MaskedHash{attempt_.id(), roster_hash_, masked_input_hash(masked_input_)}.encode());
    phase_ = Phase::sent;
    step = recorded("sum-sent");
    step.log.back().fields.emplace_back("masked-input", masked_input_hash(masked_input_).hex());
  }
  step.send.push_back(to_hub(MessageType::sum_masked_input, masked_input_, now));
  step.send.push_back(to_hub(MessageType::sum_masked_hash, masked_hash_, now));
  return step;
}

// Open to the hub after the expiry too: others may have opened, and then only this roster can
// complete the release.
Result<Step> SumContributor::on_masked_hashes(ByteView body, UtcTime now) {
  const PartyId& hub = attempt_.parties().hub;
  if (phase_ != Phase::sent && phase_ != Phase::opened)
    return not_expected(hub, "masked hashes before the masked input");
  HR_ASSIGN(const std::vector<Hash64> hashes, read_masked_hashes(attempt_, roster_hash_, body));
  Step step;
  if (phase_ == Phase::sent) {
    if (hashes[*attempt_.index_of(attempt_.parties().self)] != masked_input_hash(masked_input_))
      return culprit_error("another hash of this party's input than it signed", hub.str());
    masked_input_ = {};
    phase_ = Phase::opened;
    step = recorded("sum-opened");
  }
  step.send.push_back(opening(now));
  return step;
}

Result<Step> SumContributor::on_void(ByteView body) {
  const auto v = Void::decode(body);
  if (!v.ok()) return culprit_error(v.error().text, attempt_.parties().hub.str());
  HR_TRY(attempt_.check_id(v->id, attempt_.parties().hub));
  if (phase_ == Phase::opened) return Step{};  // opened stays opened
  give_up();
  return recorded("sum-void");
}

Step SumContributor::on_time(UtcTime now) {
  Step step;
  if (phase_ != Phase::advertised && phase_ != Phase::roster_signed) return step;
  if (attempt_.expired(now)) {
    give_up();
    return recorded("sum-void");
  }
  step.wake_at = manifest().expiry + std::chrono::milliseconds(1);
  return step;
}

Result<Step> SumContributor::refuse(RefusalReason reason, std::string_view text) {
  if (phase_ == Phase::opened) return denied("this release has been opened");
  if (phase_ == Phase::given_up) return denied("this attempt has been given up");
  HR_ASSIGN(Outgoing out, refusal(attempt_.parties(), attempt_.manifest_statement(), reason, text));
  give_up();
  Step step = recorded("sum-void");
  step.log.back().fields.emplace_back("reason", name_of(reason));
  step.send.push_back(std::move(out));
  return step;
}

Result<Outgoing> SumContributor::refusal(const Parties& parties, ByteView manifest_statement,
                                         RefusalReason reason, std::string_view text) {
  HR_ASSIGN(const Attempt attempt, Attempt::read(parties, manifest_statement));
  Bytes body = Refusal{attempt.id(), reason, std::string(text.substr(0, kMaxReasonText))}.encode();
  HR_CHECK(Refusal::decode(body).ok());
  Outgoing out;
  out.to = parties.hub;
  out.type = MessageType::sum_refusal;
  out.body = attempt.sign(MessageType::sum_refusal, std::move(body));
  return out;
}

void SumContributor::give_up() {
  phase_ = Phase::given_up;
  key_ = MaskSecretKey();
  seed_ = MaskSeed();
  values_ = {};
  advert_ = roster_ = signature_ = masked_input_ = masked_hash_ = {};
}

std::optional<OpenedMarker> SumContributor::opened() const {
  if (phase_ != Phase::opened) return std::nullopt;
  return OpenedMarker{manifest().release, roster_hash_};
}

Outgoing SumContributor::to_hub(MessageType type, Bytes body, UtcTime now) const {
  return {attempt_.parties().hub, type, std::move(body), attempt_.lifetime(type, now)};
}

Outgoing SumContributor::opening(UtcTime now) const {
  return to_hub(MessageType::sum_opening,
                Opening{attempt_.id(), roster_hash_, seed_.clone()}.encode(), now);
}

Step SumContributor::recorded(std::string_view kind) const {
  Step step;
  step.state = save();
  step.finished = finished();
  LogNote note{
      std::string(kind),
      {{"release", manifest().release.hex()}, {"attempt", std::to_string(manifest().attempt)}}};
  if (phase_ != Phase::advertised && phase_ != Phase::given_up)
    note.fields.emplace_back("roster", roster_hash_.hex());
  step.log.push_back(std::move(note));
  return step;
}

SecretBytes SumContributor::save() const {
  Writer head;
  head.u8(kStateVersion).u8(static_cast<std::uint8_t>(phase_));
  head.text(attempt_.parties().self.str()).bytes(attempt_.manifest_statement());
  head.bytes(advert_).bytes(roster_).bytes(signature_).bytes(masked_input_).bytes(masked_hash_);
  ByteView secret;
  if (phase_ == Phase::advertised || phase_ == Phase::roster_signed)
    secret = key_.expose();
  else if (phase_ != Phase::given_up)
    secret = seed_.expose();
  return write_state(head.data(), secret, values_);
}

Result<SumContributor> SumContributor::restore(Parties parties, std::optional<OpenedMarker> opened,
                                               ByteView state) {
  const Error damaged = configuration("the saved state of a sum is damaged");
  HR_ASSIGN(const StateView view, read_state(state));
  Reader head(view.head);
  if (head.u8() != kStateVersion) return damaged;
  const auto phase = static_cast<Phase>(head.u8());
  if (head.text(64) != parties.self.str()) return damaged;
  const ByteView manifest = head.bytes(kMaxManifestStatement);
  auto attempt = Attempt::read(std::move(parties), manifest);
  if (!attempt.ok()) return damaged;

  SumContributor role(*std::move(attempt));
  role.phase_ = phase;
  role.advert_ = to_bytes(head.bytes(kMaxSmallStatement));
  role.roster_ = to_bytes(head.bytes(kMaxList));
  role.signature_ = to_bytes(head.bytes(kMaxSmallStatement));
  role.masked_input_ = to_bytes(head.bytes(kMaxMaskedInput));
  role.masked_hash_ = to_bytes(head.bytes(kMaxSmallStatement));
  if (!head.finish("state").ok()) return damaged;
  role.values_ = read_values(view.values);

  const bool before_sent = phase == Phase::advertised || phase == Phase::roster_signed;
  const bool after_sent = phase == Phase::sent || phase == Phase::opened;
  if (!before_sent && !after_sent && phase != Phase::given_up) return damaged;
  if (role.values_.size() != (before_sent ? role.attempt_.values() : 0)) return damaged;
  if (view.secret.size() != (phase == Phase::given_up ? 0U : 32U)) return damaged;
  if (before_sent) role.key_ = MaskSecretKey::copy_from(view.secret.first<32>());
  if (after_sent) role.seed_ = MaskSeed::copy_from(view.secret.first<32>());
  if (phase != Phase::advertised && phase != Phase::given_up)
    role.roster_hash_ = roster_hash(role.attempt_.manifest_statement(), role.roster_);

  if (opened && phase != Phase::given_up && opened->release == role.manifest().release &&
      opened->roster != role.roster_hash_)
    return denied("this release has been opened with another roster");
  return role;
}

}  // namespace hedgerow::protocol::sum
