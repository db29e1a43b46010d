// Someone who stands beside the region and sees every log as it grows, what leaves a keyholder,
// and what reaches an asker, in one order. Uses no bookkeeping of the nodes' own.
#pragma once

#include <map>
#include <set>
#include <string>
#include <vector>

#include "node/audit/log.h"
#include "node/keys/keyring.h"
#include "protocol/envelope.h"

namespace hedgerow::simulation {

struct SeenEntry {
  std::uint64_t order = 0;  // among everything seen
  audit::Entry entry;
  std::string note;  // what the region's people were doing at this node
};

class Witness {
 public:
  // Reads what was appended since.
  void look(const std::string& party, const audit::Log& log, const std::string& note);
  // The node was put back to an older copy of itself.
  void set_back(const std::string& party) { may_shrink_.insert(party); }

  const std::vector<SeenEntry>& log_of(const std::string& party) const;
  // The same without those whose work a crash prevented, as entries "abandoned" name them.
  std::vector<const SeenEntry*> effective(const std::string& party) const;

  // A keyholder's answer to a batch, or to its check, leaves it. Counted once a batch, and once a
  // check; what comes again must be the same.
  void on_evaluation(const protocol::Envelope& envelope, const keys::Keyring& receiver);
  // Elements that left `keyholder` for `requester`.
  std::uint64_t evaluated(const std::string& keyholder, const std::string& requester) const;

  // An answer reached its asker; `answer`: its hash in hex.
  void on_answer(const std::string& home, const std::string& hub,
                 const std::vector<std::string>& contributors, const std::string& question,
                 const std::string& answer);

  const std::vector<std::string>& faults() const { return faults_; }

 private:
  std::map<std::string, std::vector<SeenEntry>> logs_;
  std::set<std::string> may_shrink_;
  std::uint64_t order_ = 0;
  std::set<std::tuple<std::string, std::string, SessionId, std::uint64_t>> counted_;
  struct Evaluation {
    std::uint64_t elements = 0;
    Bytes bytes;  // of the elements
  };
  // Elements that leave, under a name of their own: a batch's, or its check's.
  void on_elements(const protocol::EnvelopeHeader& header, const std::string& name,
                   std::uint64_t elements, Bytes bytes);
  bool is_paid(const std::string& keyholder, const std::string& batch, std::uint64_t elements,
               bool check) const;

  std::map<std::pair<std::string, std::string>, std::map<std::string, Evaluation>> evaluated_;
  std::vector<std::string> faults_;
};

}  // namespace hedgerow::simulation
