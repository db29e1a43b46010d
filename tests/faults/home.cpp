#include "tests/faults/home.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cstdlib>
#include <deque>
#include <fstream>
#include <iterator>
#include <set>

#include "crypto/hash.h"
#include "node/audit/entry.h"
#include "node/daemon/config.h"
#include "tests/simulation/tracing.h"
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
    // Without the numbers of checkpoints, which say how the content lies in file and log.
    store::Statement s = db.prepare(
        "SELECT m.name, count(*) FROM sqlite_schema m, pragma_table_info(m.name) c"
        " WHERE m.type = 'table' AND m.name NOT IN ('checkpoint_even', 'checkpoint_odd')"
        " AND (m.name <> 'generation' OR c.name NOT IN ('checkpoint', 'mark', 'begun'))"
        " GROUP BY m.name ORDER BY m.name");
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

Result<std::vector<Bytes>> read_log(audit::Log& log) {
  std::vector<Bytes> entries;
  for (std::uint64_t i = 0; i < log.size(); ++i) {
    HR_ASSIGN(Bytes entry, log.read_bytes(i));
    entries.push_back(std::move(entry));
  }
  return entries;
}

bool kept(const fs::path& relative) {
  const std::string first = relative.begin()->string();
  return first != "run" && relative.filename() != "lock";
}

Files files_of(simulation::Region& region) {
  Files files = read_files(region.home(kParty));
  files["hedgerow.toml"] = to_bytes(kConfig);
  return files;
}

// The time that every file of a WornHome bears until somebody writes into it.
constexpr timespec kUntouched{1'000'000'000, 0};

void write_at(int fd, const std::uint8_t* from, std::size_t size, std::size_t at) {
  while (size > 0) {
    const ssize_t n = ::pwrite(fd, from, size, static_cast<off_t>(at));
    HR_CHECK(n > 0);
    from += n;
    at += static_cast<std::size_t>(n);
    size -= static_cast<std::size_t>(n);
  }
}

// In place, so that the pages of a file in memory stay.
void write_over(const fs::path& path, const Bytes& bytes, bool untouched) {
  const int fd = ::open(path.c_str(), O_WRONLY | O_CREAT | O_CLOEXEC, 0600);
  HR_CHECK(fd >= 0);
  write_at(fd, bytes.data(), bytes.size(), 0);
  HR_CHECK(::ftruncate(fd, static_cast<off_t>(bytes.size())) == 0);
  const std::array<timespec, 2> times = {kUntouched, kUntouched};
  if (untouched) HR_CHECK(::futimens(fd, times.data()) == 0);
  ::close(fd);
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
  const auto copy = [&] { return files_of(w.region); };
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

History make_small_history() {
  constexpr std::size_t kRows = 6;
  History history;
  simulation::World w(7, 40);
  const auto import = [&](const std::string& agency, std::vector<simulation::Row> rows) {
    HR_CHECK(w.region.import(agency, simulation::to_csv(rows)).has_value());
  };
  HR_CHECK(w.region.generate_key());
  history.moments.push_back(files_of(w.region));
  for (const auto& [agency, rows] : w.records) import(agency, {rows.begin(), rows.begin() + kRows});
  HR_CHECK(w.ask().has_value());
  HR_CHECK(simulation::settle(w.region));
  history.moments.push_back(files_of(w.region));
  w.region.crash(kParty);
  w.region.start(kParty);
  // Without a number it needs no keyholder, so all is one transaction.
  for (const std::size_t at : {kRows, kRows + 1}) {
    simulation::Row row = w.records.at(kParty)[at];
    row.with_number = false;
    row.source = "late-" + std::to_string(at);
    import(kParty, {row});
    history.moments.push_back(files_of(w.region));
  }
  return history;
}

History make_traced_history() {
  History history;
  simulation::Options options;
  options.shape = simulation::with_traces(simulation::shape(0));
  options.with_key = true;
  simulation::Region region(7, options);
  region.run_for(std::chrono::seconds(1));
  const auto copy = [&] { history.moments.push_back(files_of(region)); };
  std::size_t next = 0;
  const auto import = [&](const std::string& agency, bool with_number) {
    simulation::Row row;
    row.child = ++next;
    row.reference = "r" + std::to_string(next);
    row.source = "s" + std::to_string(next);
    row.day = "2026-08-04";
    row.origin = "E06000036";
    row.destination = "E06000037";
    row.with_number = with_number;
    HR_CHECK(region.import(agency, simulation::to_csv({row})).has_value());
  };
  const auto restart = [&] {
    region.crash(kParty);
    region.start(kParty);
  };
  const auto run = [&](const nlohmann::json& request, const std::optional<std::string>& lines) {
    HR_CHECK(region.wait(region.command(kParty, request, lines)).result.has_value());
  };
  copy();
  import(kParty, true);
  import("vale-police", true);
  HR_CHECK(simulation::trace(region, kParty, 2).has_value());
  HR_CHECK(simulation::settle(region));
  copy();
  // What only the file has once the log was emptied: a child that is withheld, a contact.
  restart();
  run({{"command", "withhold-add"},
       {"reason", "kin may search for her"},
       {"decider", "head of safeguarding"},
       {"review", "2026-12-24"}},
      "r1\n");
  copy();
  restart();
  run({{"command", "duty-set"}, {"contact", "MASH 01632 960000"}, {"hours", "always"}}, {});
  copy();
  restart();
  for (int i = 0; i < 2; ++i) {
    import(kParty, false);
    copy();
  }
  return history;
}

WornHome::WornHome(fs::path home, Files files) : home_(std::move(home)), files_(std::move(files)) {
  write_files(home_, files_);
  for (const auto& [name, bytes] : files_) write_over(home_ / name, bytes, true);
}

void WornHome::flip(const std::string& name, std::size_t at, std::uint8_t bits) {
  const int fd = ::open((home_ / name).c_str(), O_WRONLY | O_CLOEXEC);
  HR_CHECK(fd >= 0);
  const std::uint8_t changed = files_.at(name)[at] ^ bits;
  write_at(fd, &changed, 1, at);
  ::close(fd);
}

void WornHome::cut(const std::string& name, std::size_t size) {
  fs::resize_file(home_ / name, size);
}

void WornHome::replace(const std::string& name, const Bytes& bytes) {
  write_over(home_ / name, bytes, false);
}

void WornHome::remove(const std::string& name) { HR_CHECK(fs::remove(home_ / name)); }

bool WornHome::is_whole(const std::string& name) const {
  struct stat found {};
  return ::stat((home_ / name).c_str(), &found) == 0 && found.st_mtim.tv_sec == kUntouched.tv_sec &&
         found.st_mtim.tv_nsec == kUntouched.tv_nsec;
}

void WornHome::put_right() {
  for (const auto& [name, bytes] : files_)
    if (!is_whole(name)) write_over(home_ / name, bytes, true);
  for (const auto& item : fs::recursive_directory_iterator(home_))
    if (!item.is_directory() && !files_.contains(item.path().lexically_relative(home_).string()))
      fs::remove(item.path());
}

struct KeptKeys::Impl {
  daemon::Config config;
  keys::Keyring keyring;

  static Result<Impl> read(const fs::path& home) {
    const daemon::Paths paths = daemon::Paths::under(home);
    HR_ASSIGN(auto config, daemon::load_config(paths.config));
    HR_ASSIGN(auto keyring, keys::Keyring::open(paths.state));
    return Impl{std::move(config), std::move(keyring)};
  }

  Result<Content> content_of(const fs::path& home) {
    const fs::path state = daemon::Paths::under(home).state / "state";
    Silent surroundings;
    SeededRandom rng(ByteArray<32>{9});
    Content content;
    Writer databases;
    {
      core::CoreSetup setup;
      setup.party = config.party;
      setup.hub = config.hub;
      setup.state = state;
      setup.durability = store::Durability::simulated;
      HR_ASSIGN(const auto core, core::Core::open(std::move(setup), keyring, rng, surroundings,
                                                  from_unix_ms(simulation::kBeginning)));
      HR_ASSIGN(content.log, read_log(core->log()));
      for (const auto& [id, node] : core->lineages())
        HR_TRY(dump(node->context().store.database(), databases));
    }
    const Unwrap wrap(keyring);
    HR_ASSIGN(auto node_store, store::NodeStore::open(state, wrap, store::Durability::simulated));
    HR_TRY(dump(node_store.database(), databases));
    content.databases = sha256(databases.data());
    return content;
  }
};

Result<Content> content_of(const fs::path& home) {
  HR_ASSIGN(auto keys, KeptKeys::Impl::read(home));
  return keys.content_of(home);
}

KeptKeys::KeptKeys(const fs::path& home)
    : impl_(std::make_unique<Impl>(Impl::read(home).value())) {}
KeptKeys::~KeptKeys() = default;

Result<Content> KeptKeys::content_of(const fs::path& home) { return impl_->content_of(home); }

Result<void> withdraw(const fs::path& home, const std::string& lineage) {
  HR_ASSIGN(const auto keyring, keys::Keyring::open(home));
  const Unwrap wrap(keyring);
  HR_ASSIGN(auto node_store,
            store::NodeStore::open(home / "state", wrap, store::Durability::simulated));
  HR_TRY(node_store.database().accept());
  return node_store.withdraw_lineage(Lineage::parse(lineage).value(), "a test",
                                     from_unix_ms(simulation::kBeginning));
}

Result<void> age_schema(const fs::path& home) {
  HR_ASSIGN(const auto keyring, keys::Keyring::open(home));
  const Unwrap wrap(keyring);
  HR_ASSIGN(auto node_store,
            store::NodeStore::open(home / "state", wrap, store::Durability::simulated));
  store::Database& db = node_store.database();
  HR_TRY(db.accept());
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

std::string objection(const Result<Content>& outcome, const Content& original) {
  if (outcome.ok()) return *outcome == original ? "" : "opened with other content";
  const Error& e = outcome.error();
  if (e.code != Code::configuration)
    return "refused as " + std::to_string(static_cast<int>(e.code)) + ": " + e.text;
  if (e.hint.empty()) return "refused without saying what to do: " + e.text;
  return {};
}

bool is_abandoned(const Content& found, const Content& before, const Content& after) {
  if (found.databases != before.databases || found.log.size() != after.log.size() + 1 ||
      !std::equal(after.log.begin(), after.log.end(), found.log.begin()))
    return false;
  const auto last = audit::decode_entry(found.log.back());
  return last.ok() && last->kind == "abandoned";
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
