#include "protocol/statement.h"

#include "crypto/hash.h"
#include "protocol/header_bytes.h"

namespace hedgerow::protocol {

Bytes Statement::signed_bytes() const {
  Writer w;
  write_domain(w, type_);
  w.text(header_.sender.str());
  write_signed_context(w, header_.lineage, header_.agreement, header_.session, header_.sequence,
                       header_.not_after);
  w.bytes(sha512(body_));
  return std::move(w).take();
}

Statement Statement::sign(const SigningKey& key, MessageType type, StatementHeader header,
                          Bytes body) {
  HR_CHECK(body.size() <= kMaxBodySize);
  Statement s;
  s.type_ = type;
  s.header_ = std::move(header);
  s.body_ = std::move(body);
  s.signature_ = key.sign(s.signed_bytes());
  return s;
}

Bytes Statement::encode() const {
  Writer w;
  w.u8(kWireVersion).u8(static_cast<std::uint8_t>(type_));
  w.text(header_.sender.str());
  write_wire_context(w, header_.lineage, header_.agreement, header_.session, header_.sequence,
                     header_.not_after);
  w.bytes(body_).raw(signature_.bytes);
  return std::move(w).take();
}

Result<Statement> Statement::decode(ByteView bytes) {
  Reader r(bytes);
  Statement s;
  HR_TRY(read_version_and_type(r, s.type_));
  HR_TRY(read_name(r, s.header_.sender));
  HR_TRY(read_wire_context(r, s.header_.lineage, s.header_.agreement, s.header_.session,
                           s.header_.sequence, s.header_.not_after));
  s.body_ = to_bytes(r.bytes(kMaxBodySize));
  s.signature_.bytes = r.array<64>();
  HR_TRY(r.finish("statement"));
  return s;
}

Result<void> Statement::verify_signature(const VerifyKey& key, MessageType expected) const {
  if (type_ != expected)
    return culprit_error("a statement of another type than expected", header_.sender.str());
  if (!hedgerow::verify(key, signed_bytes(), signature_))
    return culprit_error("the statement's signature does not hold", header_.sender.str());
  return {};
}

Result<void> Statement::verify(const VerifyKey& key, MessageType expected, UtcTime now) const {
  HR_TRY(verify_signature(key, expected));
  if (now > header_.not_after)
    return Error{Code::denied, "the statement has expired", header_.sender.str(), {}};
  return {};
}

}  // namespace hedgerow::protocol
