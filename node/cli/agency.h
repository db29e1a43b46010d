// `hedgerow agency`: roots, people and nodes, as files (formats.md, Identities). Works offline; the
// commands' declaration is add_agency_commands in node/cli/command.h. Here are the acts behind
// them, with time and randomness as parameters.
#pragma once

#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "crypto/base/seams.h"
#include "crypto/certificate.h"

namespace hedgerow::cli {

inline constexpr int kRootYears = 10;
inline constexpr int kOfficerDays = 2 * 365;
inline constexpr int kPersonDays = 365;
inline constexpr int kNodeDays = 90;

// A certificate and where it was read or written.
struct FiledCertificate {
  Certificate certificate;
  std::filesystem::path file;
};

struct InitRequest {
  std::string agency;
  std::filesystem::path out;
  std::optional<std::filesystem::path> passphrase_file;
  int valid_years = kRootYears;
};
// Writes OUT/root.pem and OUT/root.key.
Result<FiledCertificate> init_agency(const InitRequest& request, UtcTime now, Random& rng);

struct IssuePersonRequest {
  CertificateKind kind = CertificateKind::officer;
  std::filesystem::path root;  // the folder that `init` wrote
  std::string name;
  std::filesystem::path out;
  std::optional<std::filesystem::path> passphrase_file;
  std::optional<std::filesystem::path> person_passphrase_file;
  int valid_days = 0;  // 0: what is usual for the kind
};
// Writes OUT/<name>.pem and OUT/<name>.key.
Result<FiledCertificate> issue_person(const IssuePersonRequest& request, UtcTime now, Random& rng);

struct IssueNodeRequest {
  std::filesystem::path root;
  std::string name = "node";
  std::optional<std::filesystem::path> passphrase_file;
  int valid_days = kNodeDays;
  // Either a home, where keys are made if there are none, and keys/node.pem is written;
  std::filesystem::path home;
  // or what `agency request` wrote, and where to write the certificate.
  std::filesystem::path request;
  std::filesystem::path out;
  bool renew = false;  // HOME has a certificate already
};
Result<FiledCertificate> issue_node(const IssueNodeRequest& request, UtcTime now, Random& rng);

struct NodeRequest {
  std::string agency;
  std::filesystem::path home;
  std::filesystem::path out;
};
struct RequestMade {
  Sha256 fingerprint;
  std::filesystem::path file;
};
// On the node: makes HOME/keys where there are none, and writes a request for a certificate.
Result<RequestMade> request_node(const NodeRequest& request, Random& rng);

// On the node: checks a certificate issued for its request and writes HOME/keys/node.pem.
Result<FiledCertificate> accept_node(const std::filesystem::path& home,
                                     const std::filesystem::path& certificate);

struct OpeningKeyRequest {
  std::filesystem::path out;
  std::optional<std::filesystem::path> passphrase_file;
  std::string name = "reidentification";  // [a-z0-9-]{3,64}
};
struct OpeningKeyMade {
  SealPublicKey public_key;
  std::filesystem::path file;
};
// A key that its officer keeps off the node to open what the node sealed: writes OUT/<name>.key,
// and gives the public half for hedgerow.toml. Errors usage: not a name, the file exists, or the
// passphrase is too short.
Result<OpeningKeyMade> make_opening_key(const OpeningKeyRequest& request, Random& rng);

// Every certificate of every file, in order.
Result<std::vector<FiledCertificate>> read_certificates(
    const std::vector<std::filesystem::path>& files);

}  // namespace hedgerow::cli
