// Which separator the beginning of a file is read with, and when none is taken for granted.
#include "formats/csv_dialect.h"

#include <gtest/gtest.h>

namespace adit {
namespace {

struct Case {
  std::string what;
  std::string text;
  std::string separator;  ///< empty: refused
};

std::string separator_of(const std::string& text) {
  const auto dialect = detect_csv_dialect(text, {});
  return dialect ? dialect->separator : "";
}

void expect(const std::vector<Case>& cases) {
  for (const auto& [what, text, separator] : cases) EXPECT_EQ(separator_of(text), separator) << what;
}

TEST(CsvDialect, TheSeparatorOfMostFilesIsTheOnlyOneOfTheirHeader) {
  expect({
      {"an event log", "case:concept:name,concept:name,time:timestamp\n3,register request,2010-12-30 14:32\n",
       ","},
      {"a nameless index", ",concept:name,Costs\n0,register request,50\n1,examine casually,400\n", ","},
      {"SAP by semicolons",
       "MANDT;EBELN;BUKRS;NETWR\n100;4500000001;1000;1.234,56\n100;4500000002;1000;99,00\n", ";"},
      {"SAP by tabs", "MANDT\tEBELN\tTXZ01\n100\t4500000001\tScrew, M8\n100\t4500000002\tNut, M8\n", "\t"},
      {"bars", "id|name|city\n1|Doe, John|Paris\n2|Roe; Jane|Rome\n", "|"},
      {"one column", "id\n1\n2\n", ","},
      {"one column of texts", "note\na; b\nc; d\n", ","},
      {"texts with semicolons", "id,text,n\n1,a; b,5\n2,c; d,6\n", ","},
      {"texts with tabs", "id,text,n\n1,a\tb,5\n2,c\td,6\n", ","},
      {"texts with bars",
       "movieId,title,genres\n1,Toy Story,Adventure|Comedy\n2,Jumanji,Adventure|Children\n", ","},
      {"decimal commas", "a;b;c\n1,5;2;3\n", ";"},
      {"blanks behind all commas", "id, name, city\n1, Ann, Rome\n2, Bob, Oslo\n", ","},
      {"nothing but a header", "id;name;city\n", ";"},
      {"a last record that is cut", "a;b\n1;2\n3;4,", ";"},
  });
}

TEST(CsvDialect, QuotedTextsMayHoldOtherSeparators) {
  expect({
      {"semicolons in a value", "a,b\n\"x;y;z\",2\n", ","},
      {"semicolons in a name", "id,\"a;b;c\"\n", ","},
      {"semicolons in all records", "id,\"a;b;c\"\n1,\"p;q;r\"\n2,\"s;t;u\"\n", ","},
      {"semicolons in one value", "id,a;b\n1,\"p;q\"\n2,r;s\n3,t;u\n", ","},
      {"semicolons in a quoted name alone", "id,\"a;b;c\"\n1,p;q;r\n2,s;t;u\n", ","},
      {"apostrophes", "id,'a;b;c'\n1,'p;q;r'\n", ","},
      {"commas in all records", "id;\"a,b,c\"\n1;\"p,q,r\"\n", ";"},
      {"commas and blanks in all records", "id;\"city, country\"\n1;\"Paris, France\"\n", ";"},
      {"blanks behind commas", "id, n, \"x;y;z\"\n1, 2, \"p;q;r\"\n", ","},
      {"blanks before quotes", "id, \"last, first\"\n1, \"Doe, John\"\n", ","},
      {"tabs in all records", "id,\"a\tb\"\n1,\"p\tq\"\n", ","},
      {"inches and apostrophes", "size;of\n5\" pipe;it's\n7\" pipe;x\n", ";"},
  });
  EXPECT_EQ(detect_csv_dialect("a,b\n\"x\\\"y\",2\n", {})->escape, '\\');
}

TEST(CsvDialect, OfSeveralThatFitATabWins) {
  expect({
      {"as many commas", "id\tcity, country\n1\tParis, France\n2\tRome, Italy\n", "\t"},
      {"more commas", "id\tlast, first, title\n1\tDoe, John, Dr\n2\tRoe, Jane, Prof\n", "\t"},
      {"commas without blanks", "id\tlat,lon\n1\t48,11\n2\t52,13\n", "\t"},
      {"semicolons", "id\tkey;value\n1\ta;b\n2\tc;d\n", "\t"},
      {"bars", "case\tpath|leaf\n1\ta|b\n2\tc|d\n", "\t"},
      {"a row without its tab", "id\tcity, country\n1\tParis, France\n2, Rome\n3\tOslo, Norway\n", "\t"},
      {"inches", "id\ta\tb, c\n1\t5\" x\t6\" y, z\n2\tx\ty, z\n3\tx\ty, z\n", "\t"},
      {"tabs that pad commas before quotes", "id,\t\"name\"\n1,\t\"x\"\n2,\t\"y\"\n", ","},
      {"tabs that pad commas", "id,\tname,\tcity\n1,\tAnn,\tRome\n2,\tBob,\tOslo\n", ","},
  });
}

TEST(CsvDialect, WhatLooksLikeAPartOfTextsGivesWay) {
  expect({
      {"commas in names of places", "id;city, country\n1;Paris, France\n2;Rome, Italy\n", ";"},
      {"more of them", "id;last, first, title\n1;Doe, John, Dr\n2;Roe, Jane, Prof\n", ";"},
      {"behind bars", "id|city, country\n1|Paris, France\n2|Rome, Italy\n", "|"},
      {"behind bars with blanks", "id | city, country\n1 | Paris, France\n2 | Rome, Italy\n", "|"},
      {"semicolons in texts", "id,note; more\n1,a; b\n2,c; d\n", ","},
      {"both behind bars", "id|a, b; c\n1|k, l; m\n2|n, o; p\n", "|"},
      {"decimal commas", "name;price, EUR\nx;1,5\ny;2,5\n", ";"},
      {"decimal commas with points", "name;net, EUR;n\nx;1.234,56;1\ny;-2,50;7\n", ";"},
      {"a header alone", "name;price, EUR\n", ";"},
      {"a row of another width", "id;city, country\n1;Paris, France\n2\n3;Rome, Italy\n", ";"},
  });
}

TEST(CsvDialect, WhereNothingDecidesTheSeparatorIsAskedFor) {
  expect({
      {"semicolon or comma", "id,a;b\n1,x;y\n2,p;q\n", ""},
      {"a header alone", "id,a;b\n", ""},
      {"bar or comma", "id,a|b\n1,x|y\n2,p|q\n", ""},
      {"pairs of numbers", "id,from;to\n1,10;20\n2,20;30\n", ""},
      {"places", "id,lat;lon\n1,48.1;11.5\n2,52.5;13.4\n", ""},
      {"blanks behind both", "id, from; to\n1, a; b\n2, c; d\n", ""},
      {"the one of texts fits far better", "id;city, country\n1;Rome, Italy\n2;x;y, z\n3;p;q, r\n4;a, b\n",
       ""},
  });
  const auto refused = detect_csv_dialect("id,a;b\n1,x;y\n", {});
  ASSERT_FALSE(refused);
  EXPECT_EQ(
      refused.error().public_message,
      "The CSV file's separator can't be told: it may be the comma or the semicolon. Create the job with "
      "the right one as csvParsingOptions.separatorSequence.");
  for (const auto* given : {",", ";", "|"}) {
    EXPECT_EQ(
        detect_csv_dialect("id,a;b\n1,x;y\n", {.separator = given, .quote = {}, .escape = {}})->separator,
        given);
  }
}

}  // namespace
}  // namespace adit
