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

struct LinkedSpaces {
  explicit LinkedSpaces(std::string_view text)
      : agreement(sample_agreement(linked_text(text))),
        table(agreement.grants[0].tables[0]),
        answer(CellSpace::make(agreement, table, codes()).value()),
        link(CellSpace::make_link_cells(agreement, table, codes()).value()) {}
  Agreement agreement;
  Table table;
  CellSpace answer, link;
};

TEST(CellSpace, OfLinkedTablesIsWhatAnswersShowAndWhatEntriesFallInto) {
  using V = std::vector<std::string>;
  const LinkedSpaces places(kPlacesTable);
  EXPECT_EQ(places.answer.dimensions()[0].name, "destination");
  EXPECT_EQ(places.answer.size(), 6u * (codes().codes(Vocabulary::place_type).size() + 1));
  EXPECT_EQ(places.link.hash(), places.answer.hash());

  const LinkedSpaces overlap(kOverlapTable);
  ASSERT_EQ(overlap.answer.dimensions().size(), 1u);
  EXPECT_EQ(overlap.answer.dimensions()[0].name, "agencies");
  EXPECT_EQ(overlap.answer.dimensions()[0].codes,
            (V{"1-or-more", "2-or-more", "3-or-more", "4-or-more"}));
  const LinkedSpaces pairs(kPairsTable);
  EXPECT_EQ(pairs.answer.dimensions()[0].name, "agency-pair");
  EXPECT_EQ(pairs.answer.dimensions()[0].codes,
            (V{"vale-council+vale-health", "vale-council+vale-police", "vale-council+vale-voice",
               "vale-health+vale-police", "vale-health+vale-voice", "vale-police+vale-voice"}));
  const LinkedSpaces repeat(kRepeatTable);
  EXPECT_EQ(repeat.answer.codes_at(0), V{"all"});
  EXPECT_EQ(repeat.link.hash(), repeat.answer.hash());
  for (const LinkedSpaces* s : {&overlap, &pairs, &repeat}) {
    EXPECT_EQ(s->link.size(), 1u);
    EXPECT_EQ(s->link.dimensions()[0].name, "region");
    EXPECT_EQ(s->link.codes_at(0), V{"all"});
  }
  EXPECT_NE(overlap.link.hash(), overlap.answer.hash());
}

TEST(CellSpace, HashCoversTheBoundsOfALinkedTable) {
  const LinkedSpaces repeat(kRepeatTable);
  for (std::uint32_t LinkBounds::*bound :
       {&LinkBounds::entries, &LinkBounds::cells_per_child, &LinkBounds::episodes_per_child,
        &LinkBounds::times, &LinkBounds::within_days}) {
    Table other = repeat.table;
    ++((*other.link).*bound);
    EXPECT_NE(CellSpace::make(repeat.agreement, other, codes())->hash(), repeat.answer.hash());
    EXPECT_NE(CellSpace::make_link_cells(repeat.agreement, other, codes())->hash(),
              repeat.link.hash());
  }
}

TEST(CellSpace, BoundsAndLinkedKindsBelongTogether) {
  LinkedSpaces overlap(kOverlapTable);
  overlap.table.link.reset();
  EXPECT_EQ(CellSpace::make(overlap.agreement, overlap.table, codes()).error().code,
            Code::bad_input);
  EXPECT_FALSE(CellSpace::make_link_cells(overlap.agreement, overlap.table, codes()).ok());
  Table flows = sample_agreement().grants[0].tables[0];
  EXPECT_FALSE(CellSpace::make_link_cells(sample_agreement(), flows, codes()).ok());
  flows.link = LinkBounds{64, 1, 0, 0, 0};
  EXPECT_FALSE(CellSpace::make(sample_agreement(), flows, codes()).ok());
}

TEST(CellSpace, SaysCodesInWords) {
  const auto words = [](std::string_view dimension, std::string_view code) {
    return code_in_words(codes(), dimension, code);
  };
  EXPECT_EQ(words("origin", "E08000039"), place_name(codes(), "E08000039"));
  EXPECT_EQ(words("agencies", "1-or-more"), "known to 1 agency or more");
  EXPECT_EQ(words("agencies", "12-or-more"), "known to 12 agencies or more");
  EXPECT_EQ(words("agency-pair", "vale-council+vale-police"),
            "known to vale-council and vale-police");
  EXPECT_EQ(words("region", "all"), "the region");
  EXPECT_EQ(words("sex", "female"), "female");
}

TEST(CellSpace, PairsAreNumberedRowByRow) {
  std::size_t expected = 0;
  for (std::size_t i = 0; i < 7; ++i)
    for (std::size_t j = i + 1; j < 7; ++j) EXPECT_EQ(pair_index(7, i, j), expected++);
  EXPECT_EQ(expected, pair_count(7));
  EXPECT_EQ(pair_count(0), 0u);
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
