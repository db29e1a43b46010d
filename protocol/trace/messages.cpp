#include "protocol/trace/messages.h"

#include <algorithm>
#include <array>

#include "crypto/trace_record.h"

namespace hedgerow::protocol::trace {

namespace {

constexpr std::array<std::uint32_t, 6> kBuckets = {1U << 10U, 1U << 12U, 1U << 14U,
                                                   1U << 15U, 1U << 16U, kMaxRecords};
constexpr std::size_t kPointSize = 4 + 3 + 4 + 32;  // with the shortest name

Result<Element> element_in(ByteView bytes, const char* what) {
  auto element = Element::decode(bytes);
  if (!element.ok()) return bad_input(std::string(what) + " is no element");
  return element;
}

// Certificate and what is said, of the kind that says it; not yet believed.
Result<Signed> taken_apart(const Statement& s, ByteView bytes, MessageType type) {
  const auto& header = s.header();
  const std::string sender = header.sender.str();
  Reader r(s.body());
  const ByteView der = r.bytes(kMaxCertificateSize);
  Bytes said = to_bytes(r.bytes(kMaxPersonStatement));
  HR_TRY(r.finish("person's statement"));
  HR_ASSIGN(Certificate person, Certificate::decode_der(der));
  const CertificateKind expected = type == MessageType::trace_approval
                                       ? CertificateKind::approver
                                       : CertificateKind::practitioner;
  if (person.kind() != expected)
    return Error{Code::denied,
                 "a certificate of this kind does not " +
                     std::string(type == MessageType::trace_approval ? "approve a trace"
                                                                     : "ask for a trace"),
                 sender, "a practitioner asks, and an approver approves"};
  if (person.agency() != header.sender)
    return culprit_error("a certificate of another agency than its statement's", sender);
  return Signed{header.session,   std::move(person), header.agreement,
                header.not_after, std::move(said),   to_bytes(bytes)};
}

}  // namespace

std::uint32_t bucket_of(std::size_t records) {
  for (const std::uint32_t bucket : kBuckets)
    if (records <= bucket) return bucket;
  return kMaxRecords;
}

std::uint32_t DirectoryHeader::records_in(std::uint32_t chunk) const {
  if (chunk >= chunks()) return 0;
  return std::min(kChunkRecords, records - chunk * kChunkRecords);
}

Bytes DirectoryHeader::encode() const {
  Writer w;
  w.u32(static_cast<std::uint32_t>(day)).raw(key.bytes()).u32(records).raw(root);
  return std::move(w).take();
}

Result<DirectoryHeader> DirectoryHeader::decode(ByteView bytes) {
  Reader r(bytes);
  const auto day = static_cast<std::int32_t>(r.u32());
  const ByteView key = r.raw(Element::kSize);
  const std::uint32_t records = r.u32();
  const auto root = r.array<32>();
  HR_TRY(r.finish("directory's header"));
  if (std::ranges::find(kBuckets, records) == kBuckets.end())
    return bad_input("a directory of a number of records that is no bucket");
  HR_ASSIGN(const Element element, element_in(key, "a directory's key"));
  return DirectoryHeader{day, element, records, root};
}

Bytes ChunkGet::encode() const {
  Writer w;
  w.u32(static_cast<std::uint32_t>(day)).u32(chunk);
  return std::move(w).take();
}

Result<ChunkGet> ChunkGet::decode(ByteView bytes) {
  Reader r(bytes);
  ChunkGet m;
  m.day = static_cast<std::int32_t>(r.u32());
  m.chunk = r.u32();
  HR_TRY(r.finish("request for a part of a directory"));
  return m;
}

Bytes Chunk::encode() const {
  Writer w;
  w.u32(static_cast<std::uint32_t>(day)).u32(chunk).bytes(records);
  return std::move(w).take();
}

Result<Chunk> Chunk::decode(ByteView bytes) {
  Reader r(bytes);
  Chunk m;
  m.day = static_cast<std::int32_t>(r.u32());
  m.chunk = r.u32();
  m.records = to_bytes(r.bytes(std::size_t{kChunkRecords} * kTraceRecordSize));
  HR_TRY(r.finish("part of a directory"));
  if (m.records.empty() || m.records.size() % kTraceRecordSize != 0)
    return bad_input("a part of a directory that is not whole records");
  return m;
}

const Order::Point* Order::point_of(const PartyId& party) const {
  const auto it = std::ranges::find(points, party, &Point::party);
  return it == points.end() ? nullptr : &*it;
}

Bytes Order::encode() const {
  Writer w;
  w.text(purpose).text(legal_basis).text(reason).raw(commitment);
  w.u32(static_cast<std::uint32_t>(points.size()));
  for (const Point& p : points)
    w.text(p.party.str()).u32(static_cast<std::uint32_t>(p.day)).raw(p.hash.view());
  return std::move(w).take();
}

Result<Order> Order::decode(ByteView bytes) {
  Reader r(bytes);
  Order m;
  m.purpose = r.text(kMaxWord);
  m.legal_basis = r.text(kMaxWord);
  m.reason = r.text(kMaxReason);
  m.commitment = r.array<32>();
  const std::size_t count = r.count(kMaxResponders, kPointSize);
  for (std::size_t i = 0; i < count; ++i) {
    Point p;
    const auto party = PartyId::parse(r.text(kMaxWord));
    p.day = static_cast<std::int32_t>(r.u32());
    p.hash.bytes = r.array<32>();
    if (r.failed()) break;
    if (!party.ok()) return bad_input("a trace's request names a party that is none");
    p.party = *party;
    if (!m.points.empty() && m.points.back().party >= p.party)
      return bad_input("a trace's request does not name its responders in order");
    m.points.push_back(std::move(p));
  }
  HR_TRY(r.finish("trace's request"));
  if (m.points.empty()) return bad_input("a trace's request without responders");
  return m;
}

Statement sign(const SigningKey& key, const Certificate& person, MessageType type,
               const Lineage& lineage, const AgreementHash& agreement, const SessionId& id,
               UtcTime not_after, ByteView said) {
  Writer body;
  body.bytes(person.der()).bytes(said);
  return Statement::sign(key, type, {person.agency(), lineage, agreement, id, 0, not_after},
                         std::move(body).take());
}

Result<Signed> read_signed(ByteView bytes, MessageType type) {
  HR_ASSIGN(const Statement s, Statement::decode(bytes));
  HR_ASSIGN(Signed read, taken_apart(s, bytes, type));
  HR_TRY(s.verify_signature(read.person.verify_key(), type));
  return read;
}

Result<Signed> verify_signed(ByteView bytes, MessageType type, const Certificate& root,
                             const Lineage& lineage, UtcTime now) {
  HR_ASSIGN(const Statement s, Statement::decode(bytes));
  HR_ASSIGN(Signed read, taken_apart(s, bytes, type));
  if (s.header().lineage != lineage)
    return culprit_error("a statement of another lineage", s.header().sender.str());
  HR_TRY(verify_chain(read.person, root, now));
  HR_TRY(s.verify(read.person.verify_key(), type, now));
  return read;
}

Bytes Ask::encode() const {
  Writer w;
  w.bytes(request).bytes(approval).raw(point.bytes());
  return std::move(w).take();
}

Result<Ask> Ask::decode(ByteView bytes) {
  Reader r(bytes);
  Bytes request = to_bytes(r.bytes(kMaxPersonStatement));
  Bytes approval = to_bytes(r.bytes(kMaxPersonStatement));
  const ByteView point = r.raw(Element::kSize);
  HR_TRY(r.finish("trace"));
  HR_ASSIGN(const Element element, element_in(point, "a trace's point"));
  return Ask{std::move(request), std::move(approval), element};
}

Bytes Notice::encode() const {
  Writer w;
  w.bytes(request).bytes(approval);
  return std::move(w).take();
}

Result<Notice> Notice::decode(ByteView bytes) {
  Reader r(bytes);
  Notice m;
  m.request = to_bytes(r.bytes(kMaxPersonStatement));
  m.approval = to_bytes(r.bytes(kMaxPersonStatement));
  HR_TRY(r.finish("notice of a trace"));
  return m;
}

Bytes Answer::encode() const {
  Writer w;
  w.raw(request.view()).u32(static_cast<std::uint32_t>(day)).raw(evaluated.bytes());
  w.raw(proof.encode());
  return std::move(w).take();
}

Result<Answer> Answer::decode(ByteView bytes) {
  Reader r(bytes);
  Sha256 request;
  request.bytes = r.array<32>();
  const auto day = static_cast<std::int32_t>(r.u32());
  const ByteView evaluated = r.raw(Element::kSize);
  const ByteView proof = r.raw(DleqProof::kSize);
  HR_TRY(r.finish("trace's answer"));
  HR_ASSIGN(const Element element, element_in(evaluated, "a trace's answer"));
  HR_ASSIGN(const DleqProof dleq, DleqProof::decode(proof));
  return Answer{request, day, element, dleq};
}

std::string_view name_of(RefusalReason reason) {
  switch (reason) {
    case RefusalReason::malformed:
      return "malformed";
    case RefusalReason::signature:
      return "signature";
    case RefusalReason::not_permitted:
      return "not-permitted";
    case RefusalReason::quota:
      return "quota";
    case RefusalReason::day:
      return "day";
    case RefusalReason::expired:
      return "expired";
    case RefusalReason::reused:
      return "reused";
    case RefusalReason::point:
      return "point";
  }
  return {};
}

std::string_view in_words(RefusalReason reason) {
  switch (reason) {
    case RefusalReason::malformed:
      return "the message is no trace, or its point is none";
    case RefusalReason::signature:
      return "a signature or a certificate does not hold there";
    case RefusalReason::not_permitted:
      return "its node does not permit it";
    case RefusalReason::quota:
      return "no trace is left today, of this agency or of this practitioner";
    case RefusalReason::day:
      return "it has no directory of that day any more";
    case RefusalReason::expired:
      return "request or approval has expired";
    case RefusalReason::reused:
      return "the request's id or point was used before";
    case RefusalReason::point:
      return "the point is not the one that was signed";
  }
  return {};
}

Bytes Refusal::encode() const {
  Writer w;
  w.raw(request.view()).u8(static_cast<std::uint8_t>(reason));
  return std::move(w).take();
}

Result<Refusal> Refusal::decode(ByteView bytes) {
  Reader r(bytes);
  Refusal m;
  m.request.bytes = r.array<32>();
  m.reason = static_cast<RefusalReason>(r.u8());
  HR_TRY(r.finish("refusal of a trace"));
  if (name_of(m.reason).empty()) return bad_input("a refusal of a trace without a reason");
  return m;
}

}  // namespace hedgerow::protocol::trace
