// What parties of a link are sent (docs/design/link.md, The run), behind the hub's and the mixers'
// good signatures. The first byte chooses:
//   0  an entry, as it lies in the innermost seal
//   1  a begin as it is
//   2  any manifest under the hub's good signature, and a begin with it
//   3  a mixer's statement over a hash as it is, and 4 any body under its good signature
//   5  a part of a list, of which the next byte says how much is there
//   6  the hub's void
#include <algorithm>

#include "protocol/link/contributor.h"
#include "protocol/link/entry.h"
#include "tests/fuzz/identities.h"
#include "tests/fuzz/target.h"

namespace hedgerow::fuzz::links {
namespace {

using namespace protocol;
using namespace protocol::link;

constexpr std::size_t kPoints = 64;  // entries of each contributor
constexpr std::size_t kMost = 24;    // in one part

struct Region {
  PartyId hub = party("vale-partnership");
  std::vector<PartyId> contributors{party("vale-council"), party("vale-health"),
                                    party("vale-police")};
  std::vector<PartyId> mixers{party("vale-council"), party("vale-police")};
  std::map<PartyId, SigningKey> sign;
};

const Region& region() {
  static const Region made = [] {
    Region r;
    SeededRandom rng(ByteArray<32>{93});
    for (const PartyId& p : r.contributors) r.sign.emplace(p, SigningKey::random(rng));
    r.sign.emplace(r.hub, SigningKey::random(rng));
    return r;
  }();
  return made;
}

Parties parties_of(const PartyId& self) {
  Parties p;
  p.self = self;
  p.hub = region().hub;
  for (const auto& [party, key] : region().sign) p.keys.emplace(party, key.verify_key());
  p.key = &region().sign.at(self);
  return p;
}

const PartyId& self() { return region().contributors[1]; }

Plan plan() {
  Plan p;
  p.lineage = vale_cse();
  p.agreement = counting<AgreementHash>(0x20);
  p.grant = "patterns";
  p.table = "places";
  p.period = "2026-Q3";
  p.id = {release_id(p.lineage, p.grant, p.table, p.period), 1};
  p.cells = 9;
  p.contributors = region().contributors;
  p.mixers = region().mixers;
  p.entries = kPoints;
  p.cells_per_child = p.episodes_per_child = 4;
  p.thresholds = {8, 1, 5, false};
  p.expiry = kAfter;
  return p;
}

Manifest make_manifest() {
  SeededRandom rng(ByteArray<32>{94});
  Manifest m{plan(), {}, random_seal_key_pair(rng).public_key};
  for (const PartyId& mixer : m.plan.mixers) {
    const SecretScalar s = random_scalar(rng);
    const Element e = multiply_base(s).value();
    const Element g[] = {Element::base()};
    const Element out[] = {e};
    m.keys.push_back(
        {e, random_seal_key_pair(rng).public_key,
         generate_proof(s, Element::base(), e, g, out, key_context(m.plan.id, mixer), rng)
             .value()});
  }
  return m;
}

const Manifest& manifest() {
  static const Manifest made = make_manifest();
  return made;
}

// As the hub signs it.
Bytes manifest_statement(ByteView body) {
  const Plan& p = manifest().plan;
  return Statement::sign(
             region().sign.at(region().hub), MessageType::link_manifest,
             {region().hub, p.lineage, p.agreement, counting<SessionId>(0x10), 1, p.expiry},
             to_bytes(body))
      .encode();
}

const Attempt& attempt() {
  static const Attempt made =
      Attempt::read(parties_of(self()), manifest_statement(manifest().encode())).value();
  return made;
}

// Signed by every mixer over the manifest of `seen`.
Bytes begin_with(const Attempt& seen) {
  Begin begin{seen.manifest_statement(), {}};
  for (const PartyId& mixer : manifest().plan.mixers) {
    const Attempt own = Attempt::read(parties_of(mixer), seen.manifest_statement()).value();
    begin.signatures.push_back(own.sign(MessageType::link_manifest_signature,
                                        Vouched{own.id(), own.qh(), 0, {}}.encode()));
  }
  return begin.encode();
}

const Bytes& good_begin() {
  static const Bytes made = begin_with(attempt());
  return made;
}

// A contributor that has read a begin can refuse it; one that cannot read it says why.
Result<Outgoing> read_begin(ByteView begin) {
  const Error why{Code::denied, "why", "", {}};
  return LinkContributor::refuse(parties_of(self()), begin, link::RefusalReason::denied, why, kNow);
}

void run_entry(ByteView bytes) { check_canonical<Entry>(bytes); }

void run_begin(ByteView bytes) {
  const auto read = read_begin(bytes);
  check_error(read);
  HR_CHECK(read.ok() == same(bytes, good_begin()));
  if (read.ok()) return;
  // The hub put it together: somebody is named, and is a party.
  const auto culprit = PartyId::parse(read.error().culprit);
  HR_CHECK(culprit.ok() && region().sign.contains(*culprit));
}

void run_manifest(ByteView body) {
  const Bytes statement = manifest_statement(body);
  const auto read = Attempt::read(parties_of(self()), statement);
  check_error(read);
  if (!read.ok()) return;
  const auto decoded = Manifest::decode(body);
  HR_CHECK(decoded.ok() && read->plan() == decoded->plan && read->keys() == decoded->keys);
  // Proofs hold for the mixers, the release and the attempt that they were made for. (A fuzzer that
  // computed one of its own would be right to end here.)
  HR_CHECK(read->id() == attempt().id() && read->plan().mixers == attempt().plan().mixers);
  HR_CHECK(read->keys().size() == attempt().keys().size());
  for (std::size_t i = 0; i < read->keys().size(); ++i)
    HR_CHECK(read->keys()[i].evaluation == attempt().keys()[i].evaluation);
  const bool begins = read_begin(begin_with(*read)).ok();
  HR_CHECK(begins);
  // Nobody's signature over one manifest does for another.
  auto mixed = Begin::decode(good_begin());
  HR_CHECK(mixed.ok());
  mixed->manifest = statement;
  const auto other = read_begin(mixed->encode());
  HR_CHECK(other.ok() == same(statement, attempt().manifest_statement()));
}

Bytes vouched_statement(Bytes body) {
  const Attempt mixer =
      Attempt::read(parties_of(region().mixers[0]), attempt().manifest_statement()).value();
  return mixer.sign(MessageType::link_list, std::move(body));
}

const Vouched& good_vouched() {
  static const Vouched made{attempt().id(), attempt().qh(), kPoints, {}};
  return made;
}

Result<Vouched> read_vouched(ByteView statement) {
  const auto read = attempt().read_vouched(MessageType::link_list, region().mixers[0], statement,
                                           kPoints, region().hub);
  check_error(read);
  if (!read.ok())
    HR_CHECK(read.error().culprit == region().hub.str() ||
             read.error().culprit == region().mixers[0].str());
  return read;
}

void run_vouched(ByteView statement) {
  static const Bytes good = vouched_statement(good_vouched().encode());
  HR_CHECK(read_vouched(statement).ok() == same(statement, good));
}

// Whatever hash it states.
void run_signed_vouched(ByteView body) {
  const auto read = read_vouched(vouched_statement(to_bytes(body)));
  const auto decoded = Vouched::decode(body);
  Vouched expected = good_vouched();
  if (decoded.ok()) expected.hash = decoded->hash;
  HR_CHECK(read.ok() == (decoded.ok() && *decoded == expected));
}

void run_part(Parts parts) {
  const std::size_t have = parts.byte();
  const ByteView body = parts.rest();
  const auto read =
      attempt().read_part(body, have, kPoints, Element::kSize, kMost, region().mixers[0]);
  check_error(read);
  if (!read.ok()) return;
  HR_CHECK(read->first == have && have < kPoints);
  HR_CHECK(read->items.size() == std::min(kMost, kPoints - have) * Element::kSize);
}

void run_void(ByteView body) {
  const auto read = attempt().read_void(body);
  check_error(read);
  if (!read.ok()) return;
  HR_CHECK(read->step.finished && read->step.send.empty() && read->step.log.size() == 1);
  const auto decoded = Void::decode(body);
  HR_CHECK(decoded.ok() && read->why.text == decoded->text && decoded->id == attempt().id());
}

void run(ByteView input) {
  Parts parts(input);
  switch (parts.byte() % 7) {
    case 0:
      return run_entry(parts.rest());
    case 1:
      return run_begin(parts.rest());
    case 2:
      return run_manifest(parts.rest());
    case 3:
      return run_vouched(parts.rest());
    case 4:
      return run_signed_vouched(parts.rest());
    case 5:
      return run_part(parts);
    default:
      return run_void(parts.rest());
  }
}

std::vector<Bytes> seeds() {
  std::vector<Bytes> all;
  all.push_back(chosen(0, Entry().encode()));
  all.push_back(chosen(0, Entry{true, 2, 7, LinkToken{1}, LinkToken{2}}.encode()));
  all.push_back(chosen(1, good_begin()));
  Begin begin = Begin::decode(good_begin()).value();
  std::swap(begin.signatures[0], begin.signatures[1]);
  all.push_back(chosen(1, begin.encode()));
  begin = Begin::decode(good_begin()).value();
  begin.signatures.pop_back();
  all.push_back(chosen(1, begin.encode()));
  all.push_back(chosen(2, manifest().encode()));
  Manifest odd = manifest();
  odd.plan.table = "overlap";  // no longer the release's id
  all.push_back(chosen(2, odd.encode()));
  odd = manifest();
  std::swap(odd.keys[0].proof, odd.keys[1].proof);
  all.push_back(chosen(2, odd.encode()));
  Vouched vouched = good_vouched();
  all.push_back(chosen(3, vouched_statement(vouched.encode())));
  all.push_back(chosen(4, vouched.encode()));
  vouched.count += 1;
  all.push_back(chosen(4, vouched.encode()));
  vouched = good_vouched();
  vouched.qh = {};
  all.push_back(chosen(4, vouched.encode()));
  for (const std::size_t have : {std::size_t{0}, std::size_t{48}}) {
    const Bytes items(std::min(kMost, kPoints - have) * Element::kSize, 5);
    const Part part{attempt().id(), static_cast<std::uint32_t>(have), items};
    const auto size = static_cast<std::uint8_t>(have);
    all.push_back(chosen(5, chosen(size, part.encode())));
    all.push_back(chosen(5, chosen(1, part.encode())));  // of another place
  }
  for (const char* culprit : {"", "vale-police"})
    all.push_back(
        chosen(6, Void{attempt().id(), link::RefusalReason::deviation, culprit, "why"}.encode()));
  return all;
}

const Registration registered({"links", run, seeds});

}  // namespace
}  // namespace hedgerow::fuzz::links
