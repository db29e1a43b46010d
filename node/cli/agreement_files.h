// `hedgerow agreement new|lint|sign|merge|verify`: what is done with an agreement's files before
// any node has it. Works offline; the commands' declaration is add_agreement_file_commands in
// node/cli/command.h. Here are the acts behind them, with time and randomness as parameters.
#pragma once

#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "crypto/base/seams.h"
#include "crypto/cms.h"
#include "policies/agreement.h"

namespace hedgerow::cli {

struct NewAgreement {
  std::string template_name = "regional-flows";
  std::vector<std::string> set;  // "name=value", for the places of the template
};
// The draft's text. Its first day is the London day of `now`, unless set; it runs for fourteen
// months. Error usage: no such template, or a value that it does not take.
Result<std::string> new_agreement(const NewAgreement& request, UtcTime now);

struct AgreementFile {
  Bytes exact;
  policies::AgreementReading reading;
};
// Error configuration: the file cannot be read.
Result<AgreementFile> read_agreement_file(const std::filesystem::path& file);

struct SignAgreement {
  std::filesystem::path file;
  std::filesystem::path credential;  // DIR/NAME.pem, an officer's, with DIR/NAME.key beside it
  std::optional<std::filesystem::path> passphrase_file;
};
struct SignedAgreement {
  std::string pem;
  Certificate officer;
  policies::Agreement agreement;
};
// One signature, of the file's exact bytes. Nothing is signed that has an error in it or that does
// not have the officer's agency as a party: bad_input, denied.
Result<SignedAgreement> sign_agreement(const SignAgreement& request, UtcTime now, Random& rng);

// All signatures in one. Errors as cms_merge.
Result<std::string> merge_signatures(const std::vector<std::filesystem::path>& files);

struct VerifyAgreement {
  std::filesystem::path file;
  std::filesystem::path signatures;  // empty: FILE.p7s
  std::filesystem::path roots;       // the root certificates of all parties
};
struct VerifiedAgreement {
  policies::Agreement agreement;
  std::vector<CmsSigner> signers;  // one for each party, ordered by party
};
// Every party's root has the fingerprint that the agreement names, and every party has signed
// exactly these bytes exactly once. Errors bad_input, naming the party; denied: a certificate's
// dates.
Result<VerifiedAgreement> verify_agreement(const VerifyAgreement& request, UtcTime now);

}  // namespace hedgerow::cli
