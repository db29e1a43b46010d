// What a root has issued and revoked: ROOT/register.json, kept beside root.pem by the commands that
// issue and revoke, replaced whole by rename. The list that others see, ROOT/revoked.pem, is made
// from it (docs/design/identities.md, Revocation).
#pragma once

#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "crypto/certificate.h"
#include "crypto/crl.h"

namespace hedgerow::cli {

inline constexpr std::size_t kMaxIssued = 20'000;

struct IssuedCertificate {
  std::string serial;  // hex
  std::string subject;
  UtcTime not_before;
  UtcTime not_after;
  std::string fingerprint;  // sha256:...
  std::string key;          // a node's message key in hex; else empty
};

class Register {
 public:
  // Takes the register for this command alone until it goes; an absent file is an empty register.
  // Errors: configuration: not readable, not a register; try_again: another command has it.
  static Result<Register> open(const std::filesystem::path& root);

  Register(Register&& other) noexcept;
  Register& operator=(Register&&) = delete;
  ~Register();

  const std::vector<IssuedCertificate>& issued() const { return issued_; }
  const std::vector<Revoked>& revoked() const { return revoked_; }
  std::uint64_t list_number() const { return list_number_; }  // of the last list; 0: none yet
  const IssuedCertificate* find(std::string_view serial_hex) const;
  const Revoked* find_revoked(std::string_view serial_hex) const;

  void add(const Certificate& certificate);  // of the same serial once
  void revoke(Revoked revoked);              // in the place of an entry of the same serial
  void set_list_number(std::uint64_t number) { list_number_ = number; }
  Result<void> save() const;

 private:
  explicit Register(std::filesystem::path root) : root_(std::move(root)) {}
  Result<void> load();

  std::filesystem::path root_;
  int lock_ = -1;
  std::vector<IssuedCertificate> issued_;
  std::vector<Revoked> revoked_;
  std::uint64_t list_number_ = 0;
};

// Writes a certificate down before it leaves. Errors as Register::open; denied: a node's keys whose
// certificate was revoked other than as superseded.
Result<void> register_issue(const std::filesystem::path& root, const Certificate& certificate);

}  // namespace hedgerow::cli
