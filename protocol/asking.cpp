#include "protocol/asking.h"

namespace hedgerow::protocol {

Bytes Asked::encode() const {
  Writer w;
  w.bytes(certificate_der).bytes(question);
  return std::move(w).take();
}

Result<Asked> Asked::decode(ByteView bytes) {
  Reader r(bytes);
  Asked a;
  a.certificate_der = to_bytes(r.bytes(kMaxCertificateSize));
  a.question = to_bytes(r.bytes(kMaxQuestionBody));
  HR_TRY(r.finish("question statement"));
  return a;
}

Statement sign_question(const SigningKey& key, const Certificate& asker, const Lineage& lineage,
                        const AgreementHash& agreement, const SessionId& id, UtcTime not_after,
                        Bytes question) {
  Asked asked{asker.der(), std::move(question)};
  return Statement::sign(key, MessageType::question,
                         {asker.agency(), lineage, agreement, id, 0, not_after}, asked.encode());
}

Result<PartyId> claimed_agency(ByteView question_statement) {
  HR_ASSIGN(const Statement s, Statement::decode(question_statement));
  return s.header().sender;
}

Result<VerifiedQuestion> verify_question(ByteView bytes, const Certificate& root, UtcTime now) {
  HR_ASSIGN(const Statement s, Statement::decode(bytes));
  HR_ASSIGN(Asked asked, Asked::decode(s.body()));
  HR_ASSIGN(Certificate asker, Certificate::decode_der(asked.certificate_der));
  switch (asker.kind()) {
    case CertificateKind::analyst:
    case CertificateKind::practitioner:
    case CertificateKind::approver:
    case CertificateKind::scrutineer:
      break;
    case CertificateKind::root:
    case CertificateKind::officer:
    case CertificateKind::node:
      return denied("a certificate of this kind does not ask questions",
                    "use an analyst's certificate");
  }
  if (asker.agency() != s.header().sender)
    return culprit_error("the asker's certificate belongs to another agency",
                         s.header().sender.str());
  HR_TRY(verify_chain(asker, root, now));
  HR_TRY(s.verify(asker.verify_key(), MessageType::question, now));
  return VerifiedQuestion{s.header().session,        std::move(asker),  s.header().agreement,
                          std::move(asked.question), s.header().sender, to_bytes(bytes)};
}

Statement countersign(const SigningKey& key, const PartyId& home, const VerifiedQuestion& question,
                      const Lineage& lineage, UtcTime now) {
  return Statement::sign(
      key, MessageType::countersigned,
      {home, lineage, question.agreement, question.id, 0, now + kCountersignatureLifetime},
      question.statement);
}

Result<Statement> verify_countersigned(ByteView bytes, const VerifyKey& home_key, UtcTime now) {
  HR_ASSIGN(Statement s, Statement::decode(bytes));
  HR_TRY(s.verify(home_key, MessageType::countersigned, now));
  if (s.header().not_after > now + kCountersignatureLifetime + kCountersignatureSkew)
    return culprit_error("a countersignature for longer than five minutes",
                         s.header().sender.str());
  return s;
}

}  // namespace hedgerow::protocol
