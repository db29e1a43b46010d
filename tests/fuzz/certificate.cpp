// Certificates as DER and as PEM bundles. The first byte chooses; a DER input may be wrapped in
// PEM, so that the inner decoder is reached through the outer one.
#include "tests/fuzz/identities.h"
#include "tests/fuzz/target.h"

namespace hedgerow::fuzz::certificate {
namespace {

constexpr std::size_t kMaxBundle = 4;

void use(const Certificate& certificate) {
  HR_CHECK(!certificate.subject().name.empty());
  const auto again = Certificate::decode_pem(as_bytes(certificate.pem()));
  HR_CHECK(again.ok() && *again == certificate);
  const auto subject = Subject::parse_urn(certificate.subject().urn());
  HR_CHECK(subject.ok() && *subject == certificate.subject());
  const auto chain = verify_chain(certificate, identities().root, kNow);
  check_error(chain);
  // A certificate under our root's signature is one that our root issued.
  if (chain.ok()) {
    const auto& i = identities();
    HR_CHECK(certificate == i.officer || certificate == i.node || certificate == i.analyst);
  }
  check_error(verify_root(certificate, kNow));
}

void run(ByteView input) {
  Parts parts(input);
  switch (parts.byte() % 3) {
    case 0: {
      const ByteView der = parts.rest();
      const auto certificate = Certificate::decode_der(der);
      check_error(certificate);
      if (!certificate.ok()) return;
      HR_CHECK(same(certificate->der(), der));
      use(*certificate);
      return;
    }
    case 1: {
      const auto bundle = Certificate::decode_pem_bundle(parts.rest(), kMaxBundle);
      check_error(bundle);
      if (!bundle.ok()) return;
      HR_CHECK(!bundle->empty() && bundle->size() <= kMaxBundle);
      for (const Certificate& certificate : *bundle) use(certificate);
      return;
    }
    default: {
      const auto subject = Subject::parse_urn(as_text(parts.rest()));
      if (subject.ok()) HR_CHECK(Subject::parse_urn(subject->urn()).value() == *subject);
      return;
    }
  }
}

std::vector<Bytes> seeds() {
  const Identities& i = identities();
  std::vector<Bytes> all;
  for (const Certificate* c : {&i.root, &i.officer, &i.node, &i.analyst})
    all.push_back(chosen(0, c->der()));
  all.push_back(chosen(1, as_bytes(i.node.pem())));
  all.push_back(chosen(1, as_bytes("a root and its node\n" + i.root.pem() + "\n" + i.node.pem())));
  all.push_back(chosen(2, as_bytes(i.analyst.subject().urn())));
  return all;
}

const Registration registered({"certificate", run, seeds});

}  // namespace
}  // namespace hedgerow::fuzz::certificate
