#include "tests/simulation/prepared.h"

#include <algorithm>
#include <cstdlib>

#include "crypto/hash.h"
#include "tests/simulation/evidence.h"

namespace hedgerow::simulation {

namespace {

std::vector<std::unique_ptr<Prepared>>& all() {
  static std::vector<std::unique_ptr<Prepared>> prepared;
  return prepared;
}

// The same for the same shape, on every machine.
std::uint64_t number_of(const Shape& shape) {
  Writer w;
  w.text(shape.name).u64(shape.quotas.imports).u64(shape.quotas.daily);
  const auto digest = sha256(w.data());
  Reader r(digest);
  return r.u64();
}

std::unique_ptr<Prepared> make(const Shape& shape, const AgreementEdit& edit,
                               std::chrono::hours node_life) {
  auto p = std::make_unique<Prepared>();
  p->shape = shape;
  p->number = number_of(shape);
  p->folder = make_folder();
  SeededRandom paper(seed_of("identities", p->number));
  p->identities =
      make_identities(p->paper(), shape, edit, from_unix_ms(kBeginning), paper, node_life);
  return p;
}

Prepared& find(const Shape& shape) {
  for (auto& p : all())
    if (p->shape == shape) return *p;
  all().push_back(make(shape, {}, kNodeLife));
  return *all().back();
}

}  // namespace

std::filesystem::path make_folder() {
  const char* chosen = std::getenv("TMPDIR");
  std::error_code ec;
  const auto base = chosen == nullptr && std::filesystem::is_directory("/dev/shm", ec)
                        ? std::filesystem::path("/dev/shm")
                        : std::filesystem::temp_directory_path();
  std::string pattern = (base / "hedgerow-XXXXXX").string();
  HR_CHECK(::mkdtemp(pattern.data()) != nullptr);
  return pattern;
}

Prepared::~Prepared() {
  std::error_code ignored;
  if (!folder.empty()) std::filesystem::remove_all(folder, ignored);
}

const Prepared& prepared_paper(const Shape& shape) { return find(shape); }

std::unique_ptr<Prepared> paper_of_its_own(const Shape& shape, const AgreementEdit& edit,
                                           std::chrono::hours node_life) {
  return make(shape, edit, node_life);
}

const Prepared& prepared_region(const Shape& shape) {
  Prepared& p = find(shape);
  if (p.key_at) return p;
  Options options;
  options.shape = shape;
  Region region(p.number, options);
  HR_CHECK(region.generate_key() && settle(region));
  const UtcTime at = region.now();
  for (const std::string& party : shape.names()) region.crash(party);
  std::filesystem::create_directories(p.ready());
  for (const std::string& party : shape.names())
    std::filesystem::copy(region.home(party), p.ready() / party,
                          std::filesystem::copy_options::recursive);
  p.key_at = at;
  return p;
}

}  // namespace hedgerow::simulation
