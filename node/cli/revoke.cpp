#include "node/cli/revoke.h"

#include <algorithm>

#include "node/keys/credential.h"
#include "node/keys/files.h"
#include "node/keys/passphrase.h"

namespace hedgerow::cli {

namespace {

using std::filesystem::path;
using namespace std::chrono_literals;

// So that a clock that is a little slow does not refuse what was signed a moment ago.
constexpr auto kBackdate = 10min;
// Lists are sent when something is revoked, not by the calendar; `openssl verify -crl_check`
// refuses one that is past this date.
constexpr auto kListDays = std::chrono::days(366);

Error usage(std::string text, std::string hint = {}) {
  return {Code::usage, std::move(text), {}, std::move(hint)};
}

path list_file(const path& root) { return root / "revoked.pem"; }

bool is_there(const path& file) {
  std::error_code ignored;
  return std::filesystem::symlink_status(file, ignored).type() !=
         std::filesystem::file_type::not_found;
}

struct Target {
  Bytes serial;
  std::string subject;
  std::string key;  // as IssuedCertificate::key
  bool registered = false;
};

Result<Target> target_of(const std::string& what, const Certificate& root, const Register& known) {
  if (is_there(what)) {
    HR_ASSIGN(const Certificate c, keys::load_certificate(what));
    if (c.kind() == CertificateKind::root)
      return usage(what + ": a root cannot be revoked",
                   "every agreement that names it is superseded instead");
    const UtcTime at = std::max(c.not_before(), root.not_before());
    auto chain = verify_chain(c, root, at);
    if (!chain.ok()) {
      Error error = std::move(chain).error();
      error.text = what + ": " + error.text;
      return error;
    }
    const bool is_node = c.kind() == CertificateKind::node;
    return Target{to_bytes(c.serial()), c.subject().urn(),
                  is_node ? to_hex(c.verify_key().view()) : "",
                  known.find(c.serial_hex()) != nullptr};
  }
  const auto serial = from_hex(what);
  const bool is_serial = serial && !serial->empty() && serial->size() <= 20 && serial->front() != 0;
  if (!is_serial)
    return bad_input(what + ": neither a certificate's file nor a serial number",
                     "serial numbers stand in `hedgerow agency show --root`");
  const IssuedCertificate* issued = known.find(to_hex(*serial));
  if (issued == nullptr)
    return bad_input("the register knows no certificate with serial number " + to_hex(*serial),
                     "give the certificate's file instead");
  return Target{*serial, issued->subject, issued->key, true};
}

// Certificates of the same keys, which a renewal makes (adr/0016), live and die together, unless
// one was only replaced. Adds to the register what this changes; the target comes first.
std::vector<Bytes> enter(Register& known, const std::optional<RevocationList>& list,
                         const Target& target, RevocationReason reason, UtcTime now) {
  std::vector<Bytes> serials = {target.serial};
  if (reason != RevocationReason::superseded && !target.key.empty())
    for (const IssuedCertificate& c : known.issued())
      if (c.key == target.key && *from_hex(c.serial) != target.serial)
        serials.push_back(*from_hex(c.serial));
  const UtcTime at = std::chrono::floor<std::chrono::seconds>(now);
  std::erase_if(serials, [&](const Bytes& serial) {
    const Revoked* before = known.find_revoked(to_hex(serial));
    if (before == nullptr && list) before = list->find(serial);
    if (before == nullptr) {
      known.revoke({serial, at, reason});
      return false;
    }
    if (before->reason != RevocationReason::superseded || reason == before->reason) return true;
    known.revoke({serial, before->at, reason});
    return false;
  });
  return serials;
}

std::vector<Revoked> all_revoked(const Register& known, const std::optional<RevocationList>& list) {
  std::vector<Revoked> all = known.revoked();
  if (list)
    for (const Revoked& r : list->entries())
      if (known.find_revoked(to_hex(r.serial)) == nullptr) all.push_back(r);
  return all;
}

}  // namespace

Result<std::optional<RevocationList>> read_list(const path& root, const Certificate& certificate) {
  const path file = list_file(root);
  if (!is_there(file)) return std::optional<RevocationList>();
  HR_ASSIGN(const Bytes pem, keys::read_public_file(file, kMaxListPemSize));
  auto list = RevocationList::decode_pem(pem);
  if (!list.ok())
    return configuration(file.string() + ": " + list.error().text,
                         "put back the last good copy, or remove it: it is made anew");
  auto verified = verify_list(*list, certificate, list->this_update());
  if (!verified.ok())
    return configuration(file.string() + ": " + verified.error().text,
                         "put back the last good copy, or remove it: it is made anew");
  return std::optional(std::move(list).value());
}

Result<RevocationMade> revoke_certificate(const RevokeRequest& request, UtcTime now, Random& rng) {
  const auto reason = parse_revocation_reason(request.reason);
  if (!reason)
    return usage("'" + request.reason + "' is no reason to revoke a certificate",
                 "key-compromise, left, superseded, ceased or unspecified");
  HR_ASSIGN(const Certificate root, keys::load_certificate(request.root / "root.pem"));
  HR_TRY(verify_root(root, now));
  HR_ASSIGN(Register known, Register::open(request.root));
  HR_ASSIGN(const auto before, read_list(request.root, root));
  Target target;
  std::vector<Bytes> entered;
  if (!request.what.empty()) {
    HR_ASSIGN(target, target_of(request.what, root, known));
    entered = enter(known, before, target, *reason, now);
    if (entered.empty())
      return usage(
          "the certificate with serial number " + to_hex(target.serial) + " was revoked already",
          "see `hedgerow agency show --root`");
  }
  HR_ASSIGN(const SecretBytes passphrase,
            keys::obtain_passphrase(request.passphrase_file,
                                    "Passphrase of the root of " + root.agency().str(), false));
  HR_ASSIGN(keys::Credential credential, keys::load_credential(request.root, "root", passphrase));
  const auto* key = std::get_if<OfficerKey>(&credential.key);
  HR_CHECK(key != nullptr);

  const std::uint64_t number =
      std::max(known.list_number(), before ? before->number() : std::uint64_t{0}) + 1;
  const Validity updates{std::max<UtcTime>(now - kBackdate, root.not_before()),
                         std::min<UtcTime>(now + kListDays, root.not_after())};
  HR_ASSIGN(RevocationList list,
            issue_list(all_revoked(known, before), number, updates, root, *key, rng));
  // The register first: a number that was used for a list nobody saw does no harm.
  known.set_list_number(number);
  HR_TRY(known.save());
  HR_TRY(keys::replace_file(list_file(request.root), as_bytes(list.pem()), keys::Readers::anybody));
  RevocationMade made{to_hex(target.serial), target.subject,         {}, false,
                      std::move(list),       list_file(request.root)};
  for (const Bytes& serial : entered)
    if (serial != target.serial) made.same_keys.push_back(to_hex(serial));
  made.others_unknown =
      !target.key.empty() && !target.registered && *reason != RevocationReason::superseded;
  return made;
}

}  // namespace hedgerow::cli
