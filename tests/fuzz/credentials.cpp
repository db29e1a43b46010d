// What parties tell each other about certificates: the statement of a renewal, as it comes, and
// with any body under a good signature; and a list of revoked certificates handed on. The first
// byte chooses.
#include "protocol/credentials.h"

#include "tests/fuzz/identities.h"
#include "tests/fuzz/target.h"

namespace hedgerow::fuzz::credentials {
namespace {

using namespace protocol;

void check_renewal(ByteView bytes) {
  const Identities& i = identities();
  const AgreementHash agreement = statement_header().agreement;
  const auto renewed =
      verify_renewal(bytes, i.agency, i.message_key.verify_key(), vale_cse(), agreement, kNow);
  check_error(renewed);
  if (!renewed.ok()) return;
  HR_CHECK(renewed->agency() == i.agency);
  const auto statement = Statement::decode(bytes);
  HR_CHECK(statement.ok() && same(statement->body(), renewed->der()));
  HR_CHECK(!verify_renewal(bytes, party("vale-police"), i.message_key.verify_key(), vale_cse(),
                           agreement, kNow)
                .ok());
  HR_CHECK(
      !verify_renewal(bytes, i.agency, i.log_key.verify_key(), vale_cse(), agreement, kNow).ok());
}

StatementHeader own_header() {
  StatementHeader header = statement_header();
  header.sender = identities().agency;
  header.lineage = vale_cse();
  return header;
}

// The second byte makes the header another's: its type, lineage or date.
void run_signed(Parts parts) {
  const std::uint8_t odd = parts.byte();
  StatementHeader header = own_header();
  if ((odd & 1U) != 0) header.lineage = Lineage::parse("vale-other").value();
  if ((odd & 2U) != 0) header.not_after = kBefore;
  const auto type = (odd & 4U) != 0 ? MessageType::question : MessageType::renewed;
  const Bytes bytes =
      Statement::sign(identities().message_key, type, header, to_bytes(parts.rest())).encode();
  check_renewal(bytes);
  if ((odd & 7U) != 0)
    HR_CHECK(!verify_renewal(bytes, header.sender, identities().message_key.verify_key(),
                             vale_cse(), header.agreement, kNow)
                  .ok());
}

void run(ByteView input) {
  Parts parts(input);
  switch (parts.byte() % 3) {
    case 0:
      return check_renewal(parts.rest());
    case 1:
      return run_signed(parts);
    default:
      return check_canonical<Revocations>(parts.rest());
  }
}

std::vector<Bytes> seeds() {
  const Identities& i = identities();
  const Bytes statement = sign_renewal(i.message_key, vale_cse(), statement_header().agreement,
                                       statement_header().session, i.node, kNow)
                              .encode();
  HR_CHECK(verify_renewal(statement, i.agency, i.message_key.verify_key(), vale_cse(),
                          statement_header().agreement, kNow)
               .ok());
  std::vector<Bytes> all{chosen(0, statement)};
  for (const std::uint8_t odd : Bytes{0, 1, 2, 4})
    all.push_back(chosen(1, chosen(odd, i.node.der())));
  all.push_back(chosen(1, chosen(0, i.analyst.der())));
  all.push_back(chosen(1, chosen(0, as_bytes("no certificate"))));
  all.push_back(chosen(2, Revocations{i.agency, Bytes(40, 3)}.encode()));
  return all;
}

const Registration registered({"credentials", run, seeds});

}  // namespace
}  // namespace hedgerow::fuzz::credentials
