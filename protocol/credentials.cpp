#include "protocol/credentials.h"

namespace hedgerow::protocol {

Statement sign_renewal(const SigningKey& key, const Lineage& lineage,
                       const AgreementHash& agreement, const SessionId& session,
                       const Certificate& renewed, UtcTime now) {
  return Statement::sign(key, MessageType::renewed,
                         {renewed.agency(), lineage, agreement, session, 0, now + kRenewalLifetime},
                         renewed.der());
}

Result<Certificate> verify_renewal(ByteView bytes, const PartyId& sender, const VerifyKey& old_key,
                                   const Lineage& lineage, const AgreementHash& agreement,
                                   UtcTime now) {
  HR_ASSIGN(const Statement s, Statement::decode(bytes));
  if (s.header().sender != sender)
    return culprit_error("a renewal in another party's name", sender.str());
  HR_TRY(s.verify(old_key, MessageType::renewed, now));
  if (s.header().lineage != lineage || s.header().agreement != agreement)
    return culprit_error("a renewal for another agreement", sender.str());
  HR_ASSIGN(Certificate renewed, Certificate::decode_der(s.body()));
  if (renewed.agency() != sender)
    return culprit_error("a renewal of another party's certificate", sender.str());
  return renewed;
}

Bytes Revocations::encode() const {
  Writer w;
  w.text(party.str()).bytes(list);
  return std::move(w).take();
}

Result<Revocations> Revocations::decode(ByteView bytes) {
  Reader r(bytes);
  const std::string name = r.text(64);
  Revocations m;
  m.list = to_bytes(r.bytes(kMaxListSize));
  HR_TRY(r.finish("list of revoked certificates"));
  HR_ASSIGN(m.party, PartyId::parse(name));
  return m;
}

}  // namespace hedgerow::protocol
