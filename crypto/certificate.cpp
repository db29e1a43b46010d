#include "crypto/certificate.h"

#include <openssl/pem.h>
#include <openssl/x509_vfy.h>

#include <algorithm>
#include <array>
#include <cstdio>

#include "crypto/certificate_x509.h"

namespace hedgerow {

namespace {

struct KindName {
  CertificateKind kind;
  std::string_view name;
};
constexpr std::array<KindName, 7> kKindNames = {{
    {CertificateKind::root, "root"},
    {CertificateKind::officer, "officer"},
    {CertificateKind::node, "node"},
    {CertificateKind::analyst, "analyst"},
    {CertificateKind::practitioner, "practitioner"},
    {CertificateKind::approver, "approver"},
    {CertificateKind::scrutineer, "scrutineer"},
}};

constexpr std::string_view kUrnPrefix = "urn:hedgerow:";
constexpr std::size_t kMaxUrnSize = 256;

Error by(Error error, const Certificate& certificate) {
  error.culprit = certificate.agency().str();
  return error;
}

Result<void> check_dates(const Certificate& certificate, UtcTime at) {
  if (at < certificate.not_before())
    return by(denied("the certificate of " + certificate.subject().urn() + " is not valid before " +
                         to_display(certificate.not_before()),
                     "is this machine's clock right?"),
              certificate);
  // OpenSSL counts the last second as past; RFC 5280 would not. We agree with the program.
  if (at >= certificate.not_after())
    return by(denied("the certificate of " + certificate.subject().urn() + " expired at " +
                         to_display(certificate.not_after()),
                     "ask the agency's governance officer for a new one"),
              certificate);
  return {};
}

}  // namespace

std::string_view to_string(CertificateKind kind) {
  const auto* found = std::ranges::find(kKindNames, kind, &KindName::kind);
  HR_CHECK(found != kKindNames.end());
  return found->name;
}

std::optional<CertificateKind> parse_certificate_kind(std::string_view text) {
  for (const KindName& k : kKindNames)
    if (k.name == text) return k.kind;
  return std::nullopt;
}

std::string Subject::urn() const {
  return std::string(kUrnPrefix) + agency.str() + ":" + std::string(to_string(kind)) + ":" + name;
}

Result<Subject> Subject::parse_urn(std::string_view urn) {
  const Error wrong = bad_input("not a name of the form urn:hedgerow:<agency>:<kind>:<name>");
  if (urn.size() > kMaxUrnSize || !urn.starts_with(kUrnPrefix)) return wrong;
  const std::string_view rest = urn.substr(kUrnPrefix.size());
  const std::size_t first = rest.find(':');
  const std::size_t second = first == rest.npos ? rest.npos : rest.find(':', first + 1);
  if (second == rest.npos) return wrong;
  const auto kind = parse_certificate_kind(rest.substr(first + 1, second - first - 1));
  const std::string_view name = rest.substr(second + 1);
  if (!kind || !is_valid_name(name)) return wrong;
  if (*kind == CertificateKind::root && name != "root") return wrong;
  HR_ASSIGN(PartyId agency, PartyId::parse(rest.substr(0, first)));
  return Subject{std::move(agency), *kind, std::string(name)};
}

std::string to_display(UtcTime t) {
  using namespace std::chrono;
  const auto day = floor<days>(t);
  const year_month_day date{day};
  const hh_mm_ss time{floor<seconds>(t - day)};
  char text[48];
  std::snprintf(text, sizeof text, "%04d-%02u-%02u %02d:%02d:%02d UTC",
                static_cast<int>(date.year()), static_cast<unsigned>(date.month()),
                static_cast<unsigned>(date.day()), static_cast<int>(time.hours().count()),
                static_cast<int>(time.minutes().count()), static_cast<int>(time.seconds().count()));
  return text;
}

std::string Certificate::pem() const {
  const BioPtr out(BIO_new(BIO_s_mem()));
  HR_CHECK(PEM_write_bio(out.get(), PEM_STRING_X509, "", der_.data(),
                         static_cast<long>(der_.size())) > 0);
  return written_text(out.get());
}

const VerifyKey& Certificate::verify_key() const {
  if (const auto* node = std::get_if<NodePublicKeys>(&key_)) return node->message;
  const auto* key = std::get_if<VerifyKey>(&key_);
  HR_CHECK(key != nullptr);
  return *key;
}

const NodePublicKeys& Certificate::node_keys() const {
  const auto* keys = std::get_if<NodePublicKeys>(&key_);
  HR_CHECK(keys != nullptr);
  return *keys;
}

const OfficerPublicKey& Certificate::officer_key() const {
  const auto* key = std::get_if<OfficerPublicKey>(&key_);
  HR_CHECK(key != nullptr);
  return *key;
}

X509Ptr to_x509(const Certificate& certificate, OSSL_LIB_CTX* context) {
  if (context == nullptr) {
    X509* kept = DecodedX509::of(certificate).x509.get();
    HR_CHECK(X509_up_ref(kept) == 1);
    return X509Ptr(kept);
  }
  X509* x509 = X509_new_ex(context, nullptr);
  const unsigned char* at = certificate.der().data();
  HR_CHECK(x509 != nullptr &&
           d2i_X509(&x509, &at, static_cast<long>(certificate.der().size())) != nullptr);
  return X509Ptr(x509);
}

DecodedBefore& DecodedBefore::all() {
  // Never destroyed: OpenSSL cleans up after itself before static objects go.
  static auto* decoded = new DecodedBefore;
  return *decoded;
}

std::optional<Certificate> DecodedBefore::find(const Sha256& fingerprint, ByteView der) {
  const std::scoped_lock lock(mutex_);
  for (const Certificate& c : kept_)
    if (c.fingerprint() == fingerprint && std::ranges::equal(c.der(), der)) return c;
  return std::nullopt;
}

void DecodedBefore::keep(const Certificate& certificate) {
  const std::scoped_lock lock(mutex_);
  if (kept_.size() < kMost)
    kept_.push_back(certificate);
  else
    kept_[std::exchange(next_, (next_ + 1) % kMost)] = certificate;
}

Result<void> verify_root(const Certificate& root, UtcTime at) {
  if (root.kind() != CertificateKind::root)
    return by(bad_input(root.subject().urn() + " is not a root certificate"), root);
  DecodedX509& decoded = DecodedX509::of(root);
  if (!decoded.holds_under(root.fingerprint()) && X509_self_signed(decoded.x509.get(), 1) != 1) {
    take_openssl_reason();
    return by(bad_input("the root certificate of " + root.agency().str() +
                        " does not bear its own signature"),
              root);
  }
  decoded.set_holds_under(root.fingerprint());
  return check_dates(root, at);
}

Result<void> verify_chain(const Certificate& leaf, const Certificate& root, UtcTime at) {
  HR_TRY(verify_root(root, at));
  if (leaf.kind() == CertificateKind::root)
    return by(bad_input("a root certificate stands where one issued by a root belongs"), leaf);
  if (leaf.agency() != root.agency())
    return by(bad_input("the certificate of " + leaf.subject().urn() +
                        " cannot have been issued by " + root.agency().str()),
              leaf);
  HR_TRY(check_dates(leaf, at));
  if (DecodedX509::of(leaf).holds_under(root.fingerprint())) return {};

  const X509Ptr leaf_x509 = to_x509(leaf);
  const X509Ptr root_x509 = to_x509(root);
  const StorePtr store(X509_STORE_new());
  const StoreContextPtr context(X509_STORE_CTX_new());
  HR_CHECK(store != nullptr && context != nullptr);
  if (X509_STORE_add_cert(store.get(), root_x509.get()) != 1 ||
      X509_STORE_CTX_init(context.get(), store.get(), leaf_x509.get(), nullptr) != 1)
    return openssl_error("the certificate cannot be verified");
  X509_VERIFY_PARAM* param = X509_STORE_CTX_get0_param(context.get());
  X509_VERIFY_PARAM_set_time(
      param, std::chrono::floor<std::chrono::seconds>(at).time_since_epoch().count());
  X509_VERIFY_PARAM_set_flags(param, X509_V_FLAG_X509_STRICT);
  X509_VERIFY_PARAM_set_purpose(param, X509_PURPOSE_ANY);
  if (X509_verify_cert(context.get()) != 1) {
    const int code = X509_STORE_CTX_get_error(context.get());
    take_openssl_reason();
    if (code == X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT_LOCALLY ||
        code == X509_V_ERR_CERT_SIGNATURE_FAILURE)
      return by(bad_input("the certificate of " + leaf.subject().urn() +
                              " was not issued by the root given for " + root.agency().str(),
                          "compare the root's fingerprint with the one in the agreement"),
                leaf);
    return by(bad_input("the certificate of " + leaf.subject().urn() +
                        " does not hold under that root: " + X509_verify_cert_error_string(code)),
              leaf);
  }
  DecodedX509::of(leaf).set_holds_under(root.fingerprint());
  return {};
}

}  // namespace hedgerow
