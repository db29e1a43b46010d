// Lists of revoked certificates as DER and as PEM bundles. The first byte chooses.
#include "crypto/crl.h"
#include "tests/fuzz/identities.h"
#include "tests/fuzz/target.h"

namespace hedgerow::fuzz::revocation_list {
namespace {

constexpr std::size_t kMost = 3;  // of either kind in a bundle

const std::vector<RevocationList>& issued() {
  static const std::vector<RevocationList> lists = [] {
    const Identities& i = identities();
    SeededRandom rng(ByteArray<32>{34});
    const std::vector<Revoked> entries{
        {to_bytes(i.analyst.serial()), kNow, RevocationReason::left},
        {to_bytes(i.node.serial()), kNow, RevocationReason::key_compromise},
        {to_bytes(i.officer.serial()), kNow, RevocationReason::unspecified}};
    std::vector<RevocationList> all;
    for (std::size_t n = 0; n <= entries.size(); n += 3)
      all.push_back(issue_list({entries.begin(), entries.begin() + static_cast<std::ptrdiff_t>(n)},
                               n + 1, {kBefore, kAfter}, i.root, i.root_key, rng)
                        .value());
    return all;
  }();
  return lists;
}

void use(const RevocationList& list) {
  HR_CHECK(list.der().size() <= kMaxListSize && list.entries().size() <= kMaxRevoked);
  const auto again = RevocationList::decode_pem(as_bytes(list.pem()));
  HR_CHECK(again.ok() && *again == list);
  for (const Revoked& r : list.entries()) HR_CHECK(list.find(r.serial) == &r);
  const auto held = verify_list(list, identities().root, kNow);
  check_error(held);
  // A list under our root's signature says what our root issued; an ECDSA signature has two forms.
  const auto says_the_same = [&](const RevocationList& own) {
    return list.number() == own.number() && list.this_update() == own.this_update() &&
           list.next_update() == own.next_update() && list.entries() == own.entries();
  };
  if (held.ok()) HR_CHECK(std::ranges::any_of(issued(), says_the_same));
  check_error(check_follows(list, issued().back()));
}

void run(ByteView input) {
  Parts parts(input);
  if (parts.byte() % 2 == 0) {
    const ByteView der = parts.rest();
    const auto list = RevocationList::decode_der(der);
    check_error(list);
    if (!list.ok()) return;
    HR_CHECK(same(list->der(), der));
    use(*list);
    return;
  }
  const ByteView pem = parts.rest();
  const auto alone = RevocationList::decode_pem(pem);
  check_error(alone);
  if (alone.ok()) use(*alone);
  const auto bundle = decode_bundle(pem, kMost, kMost);
  check_error(bundle);
  HR_CHECK(bundle.ok() || !alone.ok());
  if (!bundle.ok()) return;
  HR_CHECK(bundle->certificates.size() <= kMost && bundle->lists.size() <= kMost);
  for (const RevocationList& list : bundle->lists) use(list);
  const bool one = bundle->certificates.empty() && bundle->lists.size() == 1;
  HR_CHECK(alone.ok() == (one && pem.size() <= kMaxListPemSize));
}

std::vector<Bytes> seeds() {
  std::vector<Bytes> all;
  for (const RevocationList& list : issued()) all.push_back(chosen(0, list.der()));
  const std::string root = identities().root.pem();
  const std::string list = issued().back().pem();
  const auto times = [](std::size_t n, const std::string& text) {
    std::string out;
    for (std::size_t i = 0; i < n; ++i) out += text;
    return out;
  };
  for (const std::string& pem :
       {root + "\n" + list, list, times(kMost + 1, list), times(kMost + 1, root),
        std::string("text"), "-----BEGIN DATA-----\nAAAA\n-----END DATA-----\n" + list,
        list.substr(0, list.size() / 2)})
    all.push_back(chosen(1, as_bytes(pem)));
  return all;
}

const Registration registered({"revocation_list", run, seeds});

}  // namespace
}  // namespace hedgerow::fuzz::revocation_list
