#include "policies/cells.h"

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include "tests/policies/sample_agreement.h"

namespace hedgerow::policies {
namespace {

const CodeList& codes() { return CodeList::shipped(); }

CellSpace space_of(const Agreement& a) {
  return CellSpace::make(a, a.grants[0].tables[0], codes()).value();
}

TEST(CellSpace, IsAllPartiesAreasAndThreeMore) {
  const CellSpace s = space_of(sample_agreement());
  ASSERT_EQ(s.dimensions().size(), 2u);
  EXPECT_EQ(s.dimensions()[0].name, "origin");
  EXPECT_EQ(s.dimensions()[0].codes,
            (std::vector<std::string>{"E06000060", "E08000038", "E08000039", "elsewhere",
                                      "outside-england", "unknown"}));
  EXPECT_EQ(s.dimensions()[1].codes, s.dimensions()[0].codes);
  EXPECT_EQ(s.size(), 36u);
}

TEST(CellSpace, RowsFindTheirCells) {
  const CellSpace s = space_of(sample_agreement());
  const auto at = [&](std::string_view o, std::string_view d) {
    return s.codes_at(s.index_of_flow(codes(), o, d));
  };
  using V = std::vector<std::string>;
  EXPECT_EQ(at("E06000060", "E08000039"), (V{"E06000060", "E08000039"}));
  EXPECT_EQ(at("E08000039", "E06000001"), (V{"E08000039", "elsewhere"}));
  EXPECT_EQ(at("outside-england", ""), (V{"outside-england", "unknown"}));
  EXPECT_EQ(at("W06000015", "E08000016"), (V{"unknown", "unknown"}));  // not resolved: unknown
  EXPECT_EQ(at("elsewhere", "unknown"), (V{"unknown", "unknown"}));
}

TEST(CellSpace, TakesDistrictsToThePlaceLevel) {
  auto text = replaced(sample_text(), "\"district\"", "\"police-area\"");
  const CellSpace police = space_of(sample_agreement(text));
  EXPECT_EQ(police.dimensions()[0].codes[0], "E23000011");
  EXPECT_EQ(police.codes_at(police.index_of_flow(codes(), "E08000017", "E06000060"))[0],
            "E23000011");
  text = replaced(sample_text(), "\"district\"", "\"social-care-authority\"");
  text = replaced_after(text, "id = \"vale-council\"", "E06000060", "E07000008");
  const CellSpace authority = space_of(sample_agreement(text));
  EXPECT_EQ(authority.codes_at(authority.index_of_flow(codes(), "E07000009", "E08000038")),
            (std::vector<std::string>{"E10000003", "E08000038"}));
}

TEST(CellSpace, HashTellsOtherMeaningsApart) {
  const Agreement a = sample_agreement();
  const Sha256 hash = space_of(a).hash();
  EXPECT_EQ(space_of(sample_agreement(sample_text() + "\n# a remark\n")).hash(), hash);
  const auto changed = [&](auto change) {
    Agreement b = a;
    change(b.grants[0].tables[0]);
    return space_of(b).hash() != hash;
  };
  EXPECT_TRUE(changed([](Table& t) { t.name = "other"; }));
  EXPECT_TRUE(changed([](Table& t) { t.measure = Measure::children; }));
  EXPECT_TRUE(changed([](Table& t) { t.place_level = PlaceLevel::social_care_authority; }));
  EXPECT_TRUE(changed([](Table& t) { t.where["event"] = {"absent"}; }));
  EXPECT_TRUE(changed([](Table& t) { t.where.clear(); }));
  EXPECT_TRUE(changed([](Table& t) { std::swap(t.by[0], t.by[1]); }));
}

TEST(CellSpace, RefusesOtherCodeListsNoAreasAndTooManyCells) {
  Agreement a = sample_agreement();
  const Table table = a.grants[0].tables[0];
  a.codes = Sha256{};
  EXPECT_EQ(CellSpace::make(a, table, codes()).error().code, Code::bad_input);
  a = sample_agreement();
  for (auto& p : a.parties) p.areas.clear();
  EXPECT_FALSE(CellSpace::make(a, table, codes()).ok());
  // 138 districts and three more make 19,881 cells; 139 make 20,164.
  a.parties[0].areas.assign(codes().districts().begin(), codes().districts().begin() + 138);
  EXPECT_EQ(CellSpace::make(a, table, codes())->size(), 19'881u);
  a.parties[0].areas.assign(codes().districts().begin(), codes().districts().begin() + 139);
  EXPECT_FALSE(CellSpace::make(a, table, codes()).ok());
}

Table counts_by(std::vector<std::string> by, Where where = {}) {
  Table t;
  t.name = "ages";
  t.question = QuestionKind::counts;
  t.by = std::move(by);
  t.where = std::move(where);
  return t;
}

TEST(CellSpace, OfCountsIsTheCodeListsAndUnknown) {
  const Agreement a = sample_agreement();
  const auto codes_by = [&](const std::string& name, Where where = {}) {
    return CellSpace::make(a, counts_by({name}, std::move(where)), codes())->dimensions()[0].codes;
  };
  using V = std::vector<std::string>;
  EXPECT_EQ(codes_by("age_band"), (V{"under-1", "1-4", "5-9", "10-12", "13-14", "15", "16-17",
                                     "18-and-over", "unknown"}));
  // Every row has an event; care_status has an unknown of its own.
  EXPECT_EQ(codes_by("event").size(), codes().codes(Vocabulary::event).size());
  EXPECT_EQ(codes_by("care_status"),
            (V{"no", "this-authority", "other-authority", "care-leaver", "unknown"}));
  // A filter leaves its own codes, in the list's order, and no unknown.
  EXPECT_EQ(codes_by("missing_risk", {{"missing_risk", {"high", "low"}}}), (V{"low", "high"}));
  EXPECT_EQ(codes_by("care_status", {{"care_status", {"no", "unknown"}}}), (V{"no", "unknown"}));
  EXPECT_EQ(CellSpace::make(a, counts_by({"origin", "sex", "age_band"}), codes())->size(),
            6u * 5u * 9u);
}

TEST(CellSpace, CodesFindTheirCoordinates) {
  const auto s = CellSpace::make(sample_agreement(), counts_by({"sex", "care_status"}), codes());
  EXPECT_EQ(s->code_coordinate(0, "female"), 1u);
  EXPECT_EQ(s->code_coordinate(0, ""), 4u);
  EXPECT_EQ(s->code_coordinate(1, ""), 4u);
  EXPECT_EQ(s->code_coordinate(1, "unknown"), 4u);
  EXPECT_EQ(s->code_coordinate(0, "absent"), std::nullopt);
  const auto filtered =
      CellSpace::make(sample_agreement(), counts_by({"sex"}, {{"sex", {"male"}}}), codes());
  EXPECT_EQ(filtered->code_coordinate(0, ""), std::nullopt);
}

TEST(CellSpace, OfFactorsOrAnUnknownDimensionIsRefused) {
  for (const char* name : {"factors", "factor_certainty", "colour", ""})
    EXPECT_EQ(CellSpace::make(sample_agreement(), counts_by({name}), codes()).error().code,
              Code::bad_input)
        << name;
}

TEST(CellSpace, WithoutAPlaceNeedsNoArea) {
  Agreement a = sample_agreement();
  for (auto& p : a.parties) p.areas.clear();
  EXPECT_TRUE(CellSpace::make(a, counts_by({"sex"}), codes()).ok());
  EXPECT_FALSE(CellSpace::make(a, counts_by({"sex", "origin"}), codes()).ok());
}

RC_GTEST_PROP(CellSpaceProperty, IndexAndCoordinatesAreInverse, ()) {
  static const CellSpace s = space_of(sample_agreement());
  const auto i = *rc::gen::inRange<std::size_t>(0, s.size());
  RC_ASSERT(s.index(s.coordinates(i)) == i);
}

RC_GTEST_PROP(CellSpaceProperty, EveryRowHasACell, (const std::string& o, const std::string& d)) {
  static const CellSpace s = space_of(sample_agreement());
  RC_ASSERT(s.index_of_flow(codes(), o, d) < s.size());
}

}  // namespace
}  // namespace hedgerow::policies
