// A small region's identities and agreement, made once, and a node of it with a store and a log
// in folders of their own. No network: what a node sends is held for the test to deliver.
#pragma once

#include <gmock/gmock.h>

#include <cstdlib>
#include <filesystem>
#include <map>
#include <memory>
#include <optional>
#include <string>

#include "crypto/random.h"
#include "node/core/exchange.h"
#include "policies/template.h"

namespace hedgerow::core {

inline const UtcTime kNow{std::chrono::sys_days{std::chrono::year{2026} / 10 / 20}};
inline const UtcTime kBefore = kNow - std::chrono::hours(24 * 30);
inline const UtcTime kAfter = kNow + std::chrono::hours(24 * 60);

inline PartyId party(std::string_view name) { return PartyId::parse(name).value(); }

inline SessionId session_id(std::uint8_t n) {
  SessionId id;
  id.bytes[0] = n;
  return id;
}

class Folder {
 public:
  Folder() {
    std::string pattern = (std::filesystem::temp_directory_path() / "hedgerow-XXXXXX").string();
    HR_CHECK(::mkdtemp(pattern.data()) != nullptr);
    path_ = pattern;
  }
  ~Folder() {
    std::error_code ignored;
    std::filesystem::remove_all(path_, ignored);
  }
  Folder(const Folder&) = delete;
  Folder& operator=(const Folder&) = delete;
  const std::filesystem::path& path() const { return path_; }

 private:
  Folder(Folder&&) = delete;
  std::filesystem::path path_;
};

struct TestParty {
  OfficerKey root_key;
  Certificate root;
  keys::Keyring keyring;
  Certificate node;
};

// The five parties of the shipped template.
class TestRegion {
 public:
  static const TestRegion& get() {
    static const TestRegion region;
    return region;
  }

  const TestParty& at(std::string_view name) const { return parties_.at(party(name)); }
  const policies::Agreement& agreement() const { return *agreement_; }
  std::vector<Certificate> certificates() const {
    std::vector<Certificate> all;
    for (const auto& [id, p] : parties_) {
      all.push_back(p.root);
      all.push_back(p.node);
    }
    return all;
  }
  Peers peers() const { return Peers::make(*agreement_, certificates(), kNow).value(); }

 private:
  TestRegion() {
    SeededRandom rng(ByteArray<32>{11});
    std::map<std::string, std::string> words{
        {"valid_from", "2026-10-01"},
        {"valid_until", "2027-11-30"},
        {"review_by", "2027-06-01"},
        {"codes", to_sha256_name(policies::CodeList::shipped().hash().view())}};
    for (const char* name :
         {"vale-partnership", "vale-council", "vale-police", "vale-health", "vale-voice"}) {
      const PartyId id = party(name);
      OfficerKey root_key = OfficerKey::random(rng);
      Certificate root = issue_root(id, root_key, {kBefore, kAfter}, rng).value();
      auto keyring = keys::Keyring::create(folder_.path() / name, id, rng).value();
      Certificate node =
          issue({id, CertificateKind::node, "node"}, SubjectKey(keyring.public_keys()),
                {kBefore, kAfter}, root, root_key, rng)
              .value();
      HR_CHECK(keyring.install_certificate(node).ok());
      words[std::string("root.") + name] = to_sha256_name(root.fingerprint().view());
      parties_.emplace(
          id, TestParty{std::move(root_key), std::move(root), std::move(keyring), std::move(node)});
    }
    std::string text =
        policies::fill_template(policies::shipped_templates().at("regional-flows"), words).value();
    for (auto at = text.find("\"CHANGE\""); at != std::string::npos; at = text.find("\"CHANGE\""))
      text.replace(at, 8, "\"Z0000000\"");
    agreement_ = policies::parse_agreement(as_bytes(text), "vale-cse.toml").value();
  }

  Folder folder_;
  std::map<PartyId, TestParty> parties_;
  std::optional<policies::Agreement> agreement_;
};

// Holds what is sent; sends nothing while `open` is false.
class HeldOutlet : public Outlet {
 public:
  bool send(const ByteArray<32>& curve_key, ByteView bytes) override {
    if (on_send) on_send();
    if (!open) return false;
    to.push_back(curve_key);
    sent.push_back(to_bytes(bytes));
    return true;
  }
  // What was sent since the last call.
  std::vector<Bytes> take() {
    to.clear();
    return std::exchange(sent, {});
  }
  bool open = true;
  std::function<void()> on_send;
  std::vector<ByteArray<32>> to;
  std::vector<Bytes> sent;
};

class TestNode {
 public:
  explicit TestNode(const char* name, std::uint8_t seed = 1)
      : name_(name), rng_(ByteArray<32>{seed}), key_(store::random_database_key(rng_)) {
    start(store::LineageStore::create(file(), lineage(), key_, store::Durability::simulated, rng_)
              .value(),
          audit::Log::create(log_dir(), log_name(), keyring().log(), audit::Durability::simulated)
              .value());
  }

  // As after the process was killed: the same files, a new memory.
  audit::Reconciled reopen(UtcTime now) {
    exchange_.reset();
    context_.reset();
    log_.reset();
    outlet.take();
    start(store::LineageStore::open(file(), lineage(), key_, store::Durability::simulated).value(),
          audit::Log::open(log_dir(), log_name(), keyring().log(), audit::Durability::simulated)
              .value());
    auto& db = store().database();
    const auto covered = db.covered_log().value();
    const std::vector<audit::DatabaseState> states{
        {lineage().str(), db.generation(), covered.size, covered.root, false}};
    return log_->reconcile(states, now, rng_).value();
  }

  const PartyId& id() const { return context_->self; }
  const keys::Keyring& keyring() const { return TestRegion::get().at(name_).keyring; }
  store::LineageStore& store() { return context_->store; }
  audit::Log& log() { return *log_; }
  Exchange& exchange() { return *exchange_; }
  LineageContext& context() { return *context_; }
  Random& rng() { return rng_; }
  Environment environment() { return Environment{keyring(), rng_, *log_, outlet}; }

  // Sends one message, and gives back its bytes.
  Bytes message(const SessionId& session, const PartyId& to, std::string_view body,
                std::chrono::seconds lifetime = std::chrono::seconds(600)) {
    Work work;
    work.message(session, to, MessageType::evaluate_request, to_bytes(body), lifetime);
    HR_CHECK(exchange_->commit(std::move(work), kNow).ok());
    return outlet.take().back();
  }

  // The time at which something is due has come.
  void pass(UtcTime now) { HR_CHECK(exchange_->on_time(now).ok()); }

  // Receives, and where it is new, commits that it was received.
  Result<std::optional<Delivery>> take(ByteView bytes, UtcTime now = kNow) {
    const auto envelope = protocol::Envelope::decode(bytes);
    HR_CHECK(envelope.ok());
    HR_ASSIGN(auto delivery, exchange_->receive(*envelope, now));
    if (delivery) HR_CHECK(exchange_->commit(Work{}, now, &*delivery).ok());
    return delivery;
  }

  HeldOutlet outlet;

 private:
  static Lineage lineage() { return TestRegion::get().agreement().id; }
  std::filesystem::path file() const { return folder_.path() / "lineage.db"; }
  std::filesystem::path log_dir() const { return folder_.path() / "log"; }
  std::string log_name() const { return audit::log_name(party(name_)); }
  void start(store::LineageStore opened, audit::Log log) {
    log_.emplace(std::move(log));
    context_ = std::make_unique<LineageContext>(LineageContext{
        party(name_), TestRegion::get().agreement(), TestRegion::get().peers(), std::move(opened)});
    exchange_.emplace(*context_, environment());
  }

  std::string name_;
  Folder folder_;
  SeededRandom rng_;
  SecretBytes key_;
  std::optional<audit::Log> log_;
  std::unique_ptr<LineageContext> context_;
  std::optional<Exchange> exchange_;
};

// The sequence that an ack acknowledges, opened with its receiver's keys; nothing if it is none.
inline std::optional<std::uint64_t> acknowledged(const Bytes& bytes, const TestNode& receiver) {
  const auto e = protocol::Envelope::decode(bytes);
  if (!e.ok() || e->header().type != MessageType::ack) return std::nullopt;
  const auto body = e->open(receiver.keyring().seal(), receiver.keyring().public_keys().seal);
  if (!body.ok()) return std::nullopt;
  const auto ack = protocol::Ack::decode(*body);
  if (!ack.ok()) return std::nullopt;
  return ack->sequence;
}

}  // namespace hedgerow::core
