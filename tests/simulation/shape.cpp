#include "tests/simulation/shape.h"

#include <algorithm>
#include <array>

#include "crypto/base/result.h"

namespace hedgerow::simulation {

namespace {

std::vector<std::string> with(const Shape& shape, bool PartyShape::*role) {
  std::vector<std::string> out;
  for (const auto& p : shape.parties)
    if (p.*role) out.push_back(p.name);
  return out;
}

// "ckm": contributor, keyholder and mixer; "c", "k", "s" alone; "-": nothing but a party.
Shape make(std::string name, bool hub_is_keyholder, const std::vector<std::string>& roles,
           unsigned threshold) {
  static const std::array<const char*, 8> kNames = {"vale-council",   "vale-health", "vale-police",
                                                    "vale-voice",     "vale-wards",  "vale-youth",
                                                    "vale-probation", "vale-schools"};
  static const std::array<const char*, 8> kAreas = {"E06000036", "E06000037", "E06000038",
                                                    "E06000039", "E06000040", "E06000041",
                                                    "E06000042", "E06000060"};
  Shape s;
  s.name = std::move(name);
  s.parties.push_back({std::string(kHub), false, hub_is_keyholder, false, ""});
  for (std::size_t i = 0; i < roles.size(); ++i) {
    PartyShape p;
    p.name = kNames.at(i);
    p.contributor = roles[i].find('c') != std::string::npos;
    p.keyholder = roles[i].find('k') != std::string::npos;
    p.scrutineer = roles[i].find('s') != std::string::npos;
    p.mixer = roles[i].find('m') != std::string::npos;
    if (p.contributor) p.area = kAreas.at(i);
    s.parties.push_back(std::move(p));
  }
  s.threshold = threshold;
  s.homes = {"vale-council", "vale-police"};
  s.grants = {{"movements", "pattern-detection", "flows", "missing", false, false, 2, 1, 1, false}};
  return s;
}

GrantShape absences() {
  return {"absences", "oversight", "absent-flows", "away-without-authorisation", true, true, 2, 1,
          2,          true};
}

std::vector<Shape> make_shapes() {
  std::vector<Shape> all;
  all.push_back(make("four who do both", false, {"ck", "ck", "ck", "ck"}, 2));
  all.back().grants.push_back(absences());

  all.push_back(make("the hub holds a share", true, {"ck", "ck", "c", "k"}, 2));
  all.back().grants[0].children = true;
  all.back().homes = {"vale-council", std::string(kHub)};

  all.push_back(make("small quotas", false, {"ck", "ck", "ck", "ck"}, 3));
  all.back().quotas = {14, 7};
  all.back().grants[0].round_to = 3;

  all.push_back(
      make("five, of which two must be above the floor", false, {"ck", "c", "ck", "c", "ck"}, 2));
  all.back().grants[0].min_agencies = 2;
  all.back().grants[0].true_zero = true;

  all.push_back(make("keys elsewhere", false, {"c", "ck", "c", "ks", "k"}, 2));
  all.back().grants[0].min_children = 3;
  all.back().grants[0].round_to = 5;

  all.push_back(make("six", false, {"ck", "ck", "c", "c", "ck", "ck"}, 3));
  all.back().homes = {"vale-council", "vale-police", "vale-youth"};

  all.push_back(make("seven", false, {"ck", "c", "ck", "c", "ck", "c", "c"}, 2));
  all.back().grants[0].children = true;
  all.back().quotas = {20, 60};

  all.push_back(make("nine nodes", true, {"ck", "c", "c", "c", "ck", "c", "c", "s"}, 2));
  all.back().grants[0].min_children = 3;
  HR_CHECK(all.size() == kShapes);
  return all;
}

}  // namespace

std::vector<std::string> Shape::names() const {
  std::vector<std::string> out;
  for (const auto& p : parties) out.push_back(p.name);
  return out;
}

std::vector<std::string> Shape::contributors() const {
  return with(*this, &PartyShape::contributor);
}
std::vector<std::string> Shape::keyholders() const { return with(*this, &PartyShape::keyholder); }

std::vector<std::string> Shape::areas() const {
  std::vector<std::string> out;
  for (const auto& p : parties)
    if (!p.area.empty()) out.push_back(p.area);
  return out;
}

Shape standard_shape(const Quotas& quotas) {
  Shape s = make("standard", false, {"ck", "ck", "ck", "ck"}, 3);
  s.from_template = true;
  s.quotas = quotas;
  s.homes = {"vale-council"};
  s.grants[0].min_children = 8;
  s.grants[0].round_to = 5;
  return s;
}

const Shape& shape(std::size_t number) {
  static const std::vector<Shape> all = make_shapes();
  return all.at(number);
}

std::size_t draw_shape(std::uint64_t dice) {
  constexpr std::array<std::uint64_t, kShapes> kWeights = {22, 18, 18, 14, 10, 9, 5, 4};
  std::uint64_t n = dice % 100;
  for (std::size_t i = 0; i < kShapes; ++i) {
    if (n < kWeights.at(i)) return i;
    n -= kWeights.at(i);
  }
  HR_CHECK(false);
  return 0;
}

Shape with_links(const Shape& shape) {
  Shape s = shape;
  s.name += ", with links";
  const std::size_t mixers = s.parties.size() > 6 ? 3 : 2;
  for (std::size_t i = 1; i <= mixers; ++i) s.parties[i].mixer = true;
  s.linked = {{"seen-places", "places", "sighting", false, 3, 2, 1, true},
              {"known-to-several", "overlap", "health-attendance", false, 2, 1, 1, false},
              {"known-to-pairs", "overlap", "service-contact", true, 2, 1, 1, false}};
  const std::string absence = "away-without-authorisation";
  if (std::none_of(s.grants.begin(), s.grants.end(),
                   [&](const GrantShape& g) { return g.event == absence; }))
    s.linked.push_back({"missing-again", "repeat-missing", absence, false, 2, 2, 2, false});
  return s;
}

Shape with_traces(const Shape& shape) {
  Shape s = shape;
  s.name += ", with traces";
  s.traces = true;
  return s;
}

Shape linking_shape(std::size_t contributors) {
  HR_CHECK(contributors >= 3 && contributors <= 8);
  std::vector<std::string> roles = {"ckm", "ckm", "ck"};
  for (std::size_t i = 3; i < contributors; ++i) roles.push_back(i == 4 ? "cm" : "c");
  Shape s = make(std::to_string(contributors) + " who link", false, roles, 2);
  s.grants.front().event = "placement";
  const auto least = static_cast<std::uint32_t>(2 + contributors % 3);
  const auto agencies = static_cast<std::uint32_t>(1 + contributors % 2);
  s.linked = {{"seen-places", "places", "sighting", false, least, agencies, 1, contributors > 5},
              {"known-to-several", "overlap", "health-attendance", false, least, agencies, 1},
              {"known-to-pairs", "overlap", "service-contact", true, least, agencies, 2},
              {"missing-again", "repeat-missing", "missing", false, least, agencies, 1}};
  for (LinkedShape& l : s.linked) l.entries = 64;
  return s;
}

}  // namespace hedgerow::simulation
