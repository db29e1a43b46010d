// An agreement's signatures: CMS. The first byte chooses: PEM as it is, or DER, dressed here.
#include "crypto/cms.h"

#include "tests/fuzz/identities.h"
#include "tests/fuzz/target.h"

namespace hedgerow::fuzz::cms {
namespace {

constexpr std::string_view kContent = "an agreement\n";

std::string dressed(ByteView der) {
  const std::string base64 = to_base64(der);
  std::string pem = "-----BEGIN CMS-----\n";
  for (std::size_t i = 0; i < base64.size(); i += 64) pem += base64.substr(i, 64) + "\n";
  return pem + "-----END CMS-----\n";
}

void run_pem(ByteView pem) {
  const auto listed = cms_list(pem);
  check_error(listed);
  if (listed.ok()) {
    HR_CHECK(!listed->empty() && listed->size() <= kMaxCmsSigners);
    HR_CHECK(std::is_sorted(listed->begin(), listed->end(), [](const auto& a, const auto& b) {
      return a.certificate.agency() < b.certificate.agency();
    }));
  }
  const std::string text(as_text(pem));
  const auto merged = cms_merge(std::vector<std::string>{text, text});
  check_error(merged);
  if (merged.ok()) {
    HR_CHECK(listed.ok());
    const auto again = cms_merge(std::vector<std::string>{*merged});
    HR_CHECK(again.ok() && *again == *merged);
  }
  const Identities& i = identities();
  const auto one = cms_verify_party(as_bytes(kContent), pem, i.agency, i.root, kNow);
  check_error(one);
  if (one.ok()) HR_CHECK(one->certificate == i.officer);
  const auto all = cms_verify(as_bytes(kContent), pem, {{i.agency, i.root}}, kNow);
  check_error(all);
  if (all.ok()) HR_CHECK(one.ok() && all->size() == 1);
  HR_CHECK(!cms_verify(as_bytes("other"), pem, {{i.agency, i.root}}, kNow).ok());
}

void run(ByteView input) {
  Parts parts(input);
  const bool raw = parts.byte() % 4 == 0;
  const ByteView rest = parts.rest();
  const std::string der = raw ? std::string() : dressed(rest);
  run_pem(raw ? rest : as_bytes(der));
}

std::vector<Bytes> seeds() {
  const Identities& i = identities();
  SeededRandom rng(ByteArray<32>{51});
  const std::string pem = cms_sign(as_bytes(kContent), i.officer, i.officer_key, kNow, rng).value();
  const std::string other =
      cms_sign(as_bytes("another"), i.officer, i.officer_key, kNow, rng).value();
  std::vector<Bytes> all;
  for (const std::string& text : {pem, other}) {
    all.push_back(chosen(0, as_bytes(text)));
    std::string base64;
    std::size_t at = text.find('\n') + 1;
    for (; text[at] != '-'; ++at)
      if (text[at] != '\n') base64 += text[at];
    all.push_back(chosen(1, *from_base64(base64)));
  }
  return all;
}

const Registration registered({"cms", run, seeds});

}  // namespace
}  // namespace hedgerow::fuzz::cms
