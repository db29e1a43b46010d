#include "node/cli/register.h"

#include <fcntl.h>
#include <sys/file.h>
#include <unistd.h>

#include <algorithm>
#include <nlohmann/json.hpp>
#include <utility>

#include "node/keys/files.h"

namespace hedgerow::cli {

namespace {

using nlohmann::ordered_json;

constexpr std::string_view kSchema = "hedgerow/register/1";
constexpr std::size_t kMaxRegisterSize = std::size_t{16} << 20U;

std::filesystem::path file_of(const std::filesystem::path& root) { return root / "register.json"; }

Error not_a_register(const std::filesystem::path& file) {
  return configuration(file.string() + " is not a register of issued certificates",
                       "put back the last good copy of it");
}

std::int64_t seconds(UtcTime t) { return to_unix_ms(t) / 1000; }
UtcTime from_seconds(std::int64_t s) { return from_unix_ms(s * 1000); }

std::optional<std::string> text_of(const ordered_json& j, const char* key) {
  const auto it = j.find(key);
  if (it == j.end() || !it->is_string()) return std::nullopt;
  return it->get<std::string>();
}

std::optional<UtcTime> time_of(const ordered_json& j, const char* key) {
  constexpr std::int64_t kYear9999 = 253'402'300'799;
  const auto it = j.find(key);
  if (it == j.end() || !it->is_number_integer()) return std::nullopt;
  const auto s = it->get<std::int64_t>();
  if (s < 0 || s > kYear9999) return std::nullopt;
  return from_seconds(s);
}

std::optional<IssuedCertificate> issued_of(const ordered_json& j) {
  if (!j.is_object()) return std::nullopt;
  const auto serial = text_of(j, "serial");
  const auto subject = text_of(j, "subject");
  const auto fingerprint = text_of(j, "fingerprint");
  const auto not_before = time_of(j, "not_before");
  const auto not_after = time_of(j, "not_after");
  if (!serial || from_hex(*serial).value_or(Bytes()).empty() || !subject || !fingerprint ||
      !not_before || !not_after)
    return std::nullopt;
  return IssuedCertificate{*serial,    *subject,     *not_before,
                           *not_after, *fingerprint, text_of(j, "key").value_or("")};
}

std::optional<Revoked> revoked_of(const ordered_json& j) {
  if (!j.is_object()) return std::nullopt;
  const auto serial = from_hex(text_of(j, "serial").value_or("-"));
  const auto reason = parse_revocation_reason(text_of(j, "reason").value_or(""));
  const auto at = time_of(j, "at");
  if (!serial || serial->empty() || !reason || !at) return std::nullopt;
  return Revoked{*serial, *at, *reason};
}

}  // namespace

Register::Register(Register&& other) noexcept
    : root_(std::move(other.root_)),
      lock_(std::exchange(other.lock_, -1)),
      issued_(std::move(other.issued_)),
      revoked_(std::move(other.revoked_)),
      list_number_(other.list_number_) {}

Register::~Register() {
  if (lock_ >= 0) ::close(lock_);
}

Result<Register> Register::open(const std::filesystem::path& root) {
  Register r(root);
  r.lock_ = ::open(root.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  if (r.lock_ < 0) return configuration(root.string() + " is not a folder that can be read");
  if (::flock(r.lock_, LOCK_EX | LOCK_NB) != 0)
    return try_again(root.string() + ": another command issues or revokes here");
  HR_TRY(r.load());
  return r;
}

Result<void> Register::load() {
  const auto file = file_of(root_);
  std::error_code ignored;
  if (std::filesystem::symlink_status(file, ignored).type() ==
      std::filesystem::file_type::not_found)
    return {};
  HR_ASSIGN(const Bytes bytes, keys::read_public_file(file, kMaxRegisterSize));
  const auto json = ordered_json::parse(as_text(bytes), nullptr, false);
  if (!json.is_object() || text_of(json, "schema") != kSchema) return not_a_register(file);
  const auto number = json.find("list_number");
  const auto issued = json.find("issued");
  const auto revoked = json.find("revoked");
  if (number == json.end() || !number->is_number_unsigned() || issued == json.end() ||
      !issued->is_array() || issued->size() > kMaxIssued || revoked == json.end() ||
      !revoked->is_array() || revoked->size() > kMaxRevoked)
    return not_a_register(file);
  list_number_ = number->get<std::uint64_t>();
  for (const ordered_json& j : *issued) {
    auto entry = issued_of(j);
    if (!entry) return not_a_register(file);
    issued_.push_back(*std::move(entry));
  }
  for (const ordered_json& j : *revoked) {
    auto entry = revoked_of(j);
    if (!entry) return not_a_register(file);
    revoked_.push_back(*std::move(entry));
  }
  return {};
}

Result<void> Register::save() const {
  if (issued_.size() > kMaxIssued)
    return configuration(file_of(root_).string() + " holds too many certificates");
  ordered_json issued = ordered_json::array();
  for (const IssuedCertificate& c : issued_) {
    ordered_json j = {{"serial", c.serial},
                      {"subject", c.subject},
                      {"not_before", seconds(c.not_before)},
                      {"not_after", seconds(c.not_after)},
                      {"fingerprint", c.fingerprint}};
    if (!c.key.empty()) j["key"] = c.key;
    issued.push_back(std::move(j));
  }
  ordered_json revoked = ordered_json::array();
  for (const Revoked& r : revoked_)
    revoked.push_back({{"serial", to_hex(r.serial)},
                       {"at", seconds(r.at)},
                       {"reason", std::string(to_string(r.reason))}});
  const ordered_json json = {{"schema", std::string(kSchema)},
                             {"list_number", list_number_},
                             {"issued", std::move(issued)},
                             {"revoked", std::move(revoked)}};
  return keys::replace_file(file_of(root_), as_bytes(json.dump(1) + "\n"), keys::Readers::owner);
}

const IssuedCertificate* Register::find(std::string_view serial_hex) const {
  const auto it = std::ranges::find(issued_, serial_hex, &IssuedCertificate::serial);
  return it == issued_.end() ? nullptr : &*it;
}

const Revoked* Register::find_revoked(std::string_view serial_hex) const {
  for (const Revoked& r : revoked_)
    if (to_hex(r.serial) == serial_hex) return &r;
  return nullptr;
}

void Register::add(const Certificate& c) {
  if (find(c.serial_hex()) != nullptr) return;
  issued_.push_back({c.serial_hex(), c.subject().urn(), c.not_before(), c.not_after(),
                     to_sha256_name(c.fingerprint().view()),
                     c.kind() == CertificateKind::node ? to_hex(c.verify_key().view()) : ""});
}

void Register::revoke(Revoked revoked) {
  const auto it = std::ranges::find(revoked_, revoked.serial, &Revoked::serial);
  if (it == revoked_.end())
    revoked_.push_back(std::move(revoked));
  else
    *it = std::move(revoked);
}

Result<void> register_issue(const std::filesystem::path& root, const Certificate& certificate) {
  HR_ASSIGN(Register r, Register::open(root));
  if (certificate.kind() == CertificateKind::node) {
    const std::string key = to_hex(certificate.verify_key().view());
    for (const IssuedCertificate& c : r.issued()) {
      const Revoked* revoked = c.key == key ? r.find_revoked(c.serial) : nullptr;
      if (revoked != nullptr && revoked->reason != RevocationReason::superseded)
        return denied("the certificate of these node keys, serial " + c.serial +
                          ", was revoked: " + std::string(to_string(revoked->reason)),
                      "a revoked certificate cannot be renewed; the node needs new keys");
    }
  }
  r.add(certificate);
  return r.save();
}

}  // namespace hedgerow::cli
