#include "tests/faults/home.h"

#include <algorithm>
#include <cstdlib>
#include <deque>
#include <fstream>
#include <iterator>
#include <set>

#include "crypto/hash.h"
#include "node/daemon/config.h"
#include "tests/simulation/world.h"

namespace hedgerow::faults {

namespace {

namespace fs = std::filesystem;

constexpr const char* kParty = "vale-council";
constexpr const char* kConfig = "party = \"vale-council\"\nhub = \"tcp://127.0.0.1:5670\"\n";

struct Silent : core::Surroundings {
  bool send_to_peer(const ipc::CurveKey&, ByteView) override { return false; }
  void configure_gateway(const ipc::Configure&) override {}
  void reply(core::ConnectionId, const ipc::Frame&) override {}
  void report(const std::string&) override {}
};

struct Unwrap : store::KeyWrap {
  explicit Unwrap(const keys::Keyring& k) : keyring(k) {}
  Bytes wrap(std::string_view purpose, ByteView key, Random& rng) const override {
    return keyring.wrap(purpose, key, rng);
  }
  Result<SecretBytes> unwrap(std::string_view purpose, ByteView wrapped) const override {
    return keyring.unwrap(purpose, wrapped);
  }
  const keys::Keyring& keyring;
};

// Statements are kept by the address of their text.
const char* literal(std::string sql) {
  static std::set<std::string> kept;
  return kept.insert(std::move(sql)).first->c_str();
}

Result<void> dump(store::Database& db, Writer& out) {
  std::vector<std::pair<std::string, int>> tables;
  {
    store::Statement s = db.prepare(
        "SELECT m.name, count(*) FROM sqlite_schema m, pragma_table_info(m.name)"
        " WHERE m.type = 'table' GROUP BY m.name ORDER BY m.name");
    for (;;) {
      HR_ASSIGN(const bool more, s.step());
      if (!more) break;
      tables.emplace_back(s.text(0), static_cast<int>(s.integer(1)));
    }
  }
  for (const auto& [table, columns] : tables) {
    out.text(table);
    store::Statement s = db.prepare(literal("SELECT * FROM " + table));
    for (;;) {
      HR_ASSIGN(const bool more, s.step());
      if (!more) break;
      for (int i = 0; i < columns; ++i) out.bytes(s.blob_view(i));
    }
  }
  return {};
}

Result<void> read_log(audit::Log& log, Writer& out) {
  for (std::uint64_t i = 0; i < log.size(); ++i) {
    HR_ASSIGN(const Bytes entry, log.read_bytes(i));
    out.bytes(entry);
  }
  return {};
}

bool kept(const fs::path& relative) {
  const std::string first = relative.begin()->string();
  return first != "run" && relative.filename() != "lock";
}

}  // namespace

Files read_files(const fs::path& home) {
  Files files;
  for (const auto& item : fs::recursive_directory_iterator(home)) {
    const fs::path relative = fs::relative(item.path(), home);
    if (!item.is_regular_file() || !kept(relative)) continue;
    std::ifstream in(item.path(), std::ios::binary);
    files[relative.string()] = Bytes(std::istreambuf_iterator<char>(in), {});
  }
  return files;
}

void write_files(const fs::path& home, const Files& files) {
  fs::remove_all(home);
  for (const auto& [name, bytes] : files) {
    const fs::path path = home / name;
    fs::create_directories(path.parent_path());
    std::ofstream out(path, std::ios::binary);
    out.write(reinterpret_cast<const char*>(bytes.data()),
              static_cast<std::streamsize>(bytes.size()));
    HR_CHECK(out.good());
    out.close();
    fs::permissions(path, fs::perms::owner_read | fs::perms::owner_write);
  }
  fs::permissions(home, fs::perms::owner_all);
  for (const auto& item : fs::recursive_directory_iterator(home))
    if (item.is_directory()) fs::permissions(item.path(), fs::perms::owner_all);
}

History make_history(std::size_t children) {
  History history;
  simulation::World w(7, children);
  const auto copy = [&] {
    Files files = read_files(w.region.home(kParty));
    files["hedgerow.toml"] = to_bytes(kConfig);
    return files;
  };
  HR_CHECK(w.region.generate_key());
  history.moments.push_back(copy());
  for (const auto& [agency, rows] : w.records)
    HR_CHECK(w.region.import(agency, simulation::to_csv(rows)).has_value());
  history.moments.push_back(copy());
  // Its write-ahead log begins anew, so that a whole sweep takes minutes.
  w.region.crash(kParty);
  w.region.start(kParty);
  HR_CHECK(w.ask().has_value());
  HR_CHECK(simulation::settle(w.region));
  history.moments.push_back(copy());
  w.region.crash(kParty);
  history.ended = copy();
  w.region.crash("vale-police");
  history.other = read_files(w.region.home("vale-police"));
  return history;
}

Result<ByteArray<32>> content_of(const fs::path& home) {
  const daemon::Paths paths = daemon::Paths::under(home);
  HR_ASSIGN(const daemon::Config config, daemon::load_config(paths.config));
  HR_ASSIGN(auto keyring, keys::Keyring::open(paths.state));
  Silent surroundings;
  SeededRandom rng(ByteArray<32>{9});
  Writer content;
  std::vector<Lineage> lineages;
  {
    core::CoreSetup setup;
    setup.party = config.party;
    setup.hub = config.hub;
    setup.state = paths.state / "state";
    setup.durability = store::Durability::simulated;
    HR_ASSIGN(const auto core, core::Core::open(std::move(setup), keyring, rng, surroundings,
                                                from_unix_ms(simulation::kBeginning)));
    HR_TRY(read_log(core->log(), content));
    for (const auto& [id, node] : core->lineages()) {
      lineages.push_back(id);
      HR_TRY(dump(node->context().store.database(), content));
    }
  }
  const Unwrap wrap(keyring);
  HR_ASSIGN(auto node_store,
            store::NodeStore::open(paths.state / "state", wrap, store::Durability::simulated));
  HR_TRY(dump(node_store.database(), content));
  return sha256(content.data());
}

Result<void> withdraw(const fs::path& home, const std::string& lineage) {
  HR_ASSIGN(const auto keyring, keys::Keyring::open(home));
  const Unwrap wrap(keyring);
  HR_ASSIGN(auto node_store,
            store::NodeStore::open(home / "state", wrap, store::Durability::simulated));
  node_store.database().accept();
  return node_store.withdraw_lineage(Lineage::parse(lineage).value(), "a test",
                                     from_unix_ms(simulation::kBeginning));
}

Result<void> age_schema(const fs::path& home) {
  HR_ASSIGN(const auto keyring, keys::Keyring::open(home));
  const Unwrap wrap(keyring);
  HR_ASSIGN(auto node_store,
            store::NodeStore::open(home / "state", wrap, store::Durability::simulated));
  store::Database& db = node_store.database();
  db.accept();
  std::int64_t version = 0;
  {
    store::Statement s = db.prepare("PRAGMA user_version");
    HR_ASSIGN(const bool found, s.step());
    HR_CHECK(found);
    version = s.integer(0);
  }
  HR_ASSIGN(store::Transaction t, store::Transaction::begin(db));
  HR_TRY(db.prepare(literal("PRAGMA user_version = " + std::to_string(version + 1))).run());
  HR_ASSIGN(const std::uint64_t generation, t.commit());
  HR_CHECK(generation > 0);
  return {};
}

std::string objection(const Result<ByteArray<32>>& outcome, const ByteArray<32>& original) {
  if (outcome.ok()) return *outcome == original ? "" : "opened with other content";
  const Error& e = outcome.error();
  if (e.code != Code::configuration)
    return "refused as " + std::to_string(static_cast<int>(e.code)) + ": " + e.text;
  if (e.hint.empty()) return "refused without saying what to do: " + e.text;
  return {};
}

Scratch::Scratch() {
  std::error_code ec;
  const auto base = std::getenv("TMPDIR") == nullptr && fs::is_directory("/dev/shm", ec)
                        ? fs::path("/dev/shm")
                        : fs::temp_directory_path();
  std::string pattern = (base / "hedgerow-XXXXXX").string();
  HR_CHECK(::mkdtemp(pattern.data()) != nullptr);
  path_ = pattern;
}

Scratch::~Scratch() {
  std::error_code ignored;
  fs::remove_all(path_, ignored);
}

}  // namespace hedgerow::faults
