// HTML reports: no text of an archive becomes markup, the browser fetches nothing, and all values can be
// drawn.
#include "report/page/page.h"

#include <fmt/format.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cctype>
#include <cmath>
#include <limits>
#include <map>
#include <numeric>
#include <set>

#include "pages.h"
#include "report/documents.h"
#include "report/page/markup.h"
#include "report/page/page_assets.h"
#include "tree.h"

namespace jobferry::test {

namespace {

const std::set<std::string, std::less<>> known_elements = {
    "html",  "head",    "meta", "title", "style",  "body",       "a",       "header",  "main",
    "nav",   "section", "h1",   "h2",    "p",      "div",        "span",    "dl",      "dt",
    "dd",    "ul",      "li",   "pre",   "code",   "table",      "caption", "thead",   "tbody",
    "tfoot", "tr",      "th",   "td",    "figure", "figcaption", "details", "summary", "svg",
    "g",     "line",    "path", "rect",  "text",   "desc",       "script"};
const std::set<std::string, std::less<>> known_attributes = {"lang",
                                                             "charset",
                                                             "http-equiv",
                                                             "content",
                                                             "name",
                                                             "class",
                                                             "href",
                                                             "id",
                                                             "tabindex",
                                                             "role",
                                                             "aria-label",
                                                             "aria-labelledby",
                                                             "aria-hidden",
                                                             "scope",
                                                             "data-sort",
                                                             "viewBox",
                                                             "preserveAspectRatio",
                                                             "width",
                                                             "height",
                                                             "x",
                                                             "y",
                                                             "dx",
                                                             "dy",
                                                             "x1",
                                                             "x2",
                                                             "y1",
                                                             "y2",
                                                             "d"};
const std::set<std::string, std::less<>> void_elements = {"meta", "line", "path", "rect"};

struct Element {
  std::string name;
  std::map<std::string, std::string> attributes;
};

class StrictReader {
 public:
  explicit StrictReader(const std::string& page) : page_(page) { read(); }

  const std::vector<Element>& elements() const { return elements_; }
  const std::string& text() const { return text_; }  // all of it, unescaped
  std::size_t count(std::string_view name) const {
    return static_cast<std::size_t>(
        std::count_if(elements_.begin(), elements_.end(), [&](const Element& e) { return e.name == name; }));
  }

 private:
  void read() {
    expect("<!doctype html>\n");
    while (at_ < page_.size() && !::testing::Test::HasFatalFailure()) {
      if (page_.compare(at_, 2, "</") == 0)
        read_end();
      else if (page_[at_] == '<')
        read_start();
      else
        text_ += read_character();
    }
    EXPECT_TRUE(open_.empty());
  }

  void expect(std::string_view what) {
    ASSERT_EQ(page_.substr(at_, what.size()), what) << "at " << at_;
    at_ += what.size();
  }

  std::string read_word() {
    const std::size_t begin = at_;
    while (at_ < page_.size() && (std::isalnum(static_cast<unsigned char>(page_[at_])) || page_[at_] == '-'))
      ++at_;
    return page_.substr(begin, at_ - begin);
  }

  std::string read_character() {
    EXPECT_EQ(std::string("<>\"'").find(page_[at_]), std::string::npos) << page_.substr(at_, 80);
    if (page_[at_] != '&') return page_.substr(at_++, 1);
    for (const auto& [name, character] : std::map<std::string, std::string>{
             {"&amp;", "&"}, {"&lt;", "<"}, {"&gt;", ">"}, {"&quot;", "\""}, {"&#39;", "'"}})
      if (page_.compare(at_, name.size(), name) == 0) return at_ += name.size(), character;
    ADD_FAILURE() << "bare & at " << page_.substr(at_, 80);
    return page_.substr(at_++, 1);
  }

  void read_attributes(Element& element) {
    while (page_[at_] == ' ') {
      ++at_;
      const std::string name = read_word();
      EXPECT_TRUE(known_attributes.contains(name)) << name << " of " << element.name;
      EXPECT_FALSE(element.attributes.contains(name)) << name;
      expect("=\"");
      std::string value;
      while (at_ < page_.size() && page_[at_] != '"') value += read_character();
      expect("\"");
      element.attributes[name] = value;
    }
  }

  void read_start() {
    expect("<");
    Element element{read_word(), {}};
    ASSERT_TRUE(known_elements.contains(element.name)) << page_.substr(at_ - 10, 80);
    read_attributes(element);
    const bool closed = page_[at_] == '/';
    EXPECT_EQ(closed, void_elements.contains(element.name) && !holds_title(element)) << element.name;
    expect(closed ? "/>" : ">");
    if (!closed) open_.push_back(element.name);
    if (element.name == "style") expect(page_style);
    if (element.name == "script") expect(page_script);
    elements_.push_back(std::move(element));
  }

  // A bar has a title in it.
  bool holds_title(const Element& element) const { return element.name == "rect" && page_[at_] == '>'; }

  void read_end() {
    expect("</");
    const std::string name = read_word();
    ASSERT_FALSE(open_.empty());
    EXPECT_EQ(name, open_.back()) << "at " << at_;
    open_.pop_back();
    expect(">");
  }

  const std::string& page_;
  std::size_t at_ = 0;
  std::vector<std::string> open_;
  std::vector<Element> elements_;
  std::string text_;
};

const std::map<std::string, std::string>& pages() {
  static const std::map<std::string, std::string> all = sample_pages();
  return all;
}

std::set<std::string> words_of(const std::string& list) {
  std::set<std::string> words;
  for (std::size_t at = 0; at < list.size();) {
    const std::size_t end = std::min(list.find(' ', at), list.size());
    words.insert(list.substr(at, end - at));
    at = end + 1;
  }
  return words;
}

bool has(const std::string& text, std::string_view part) { return text.find(part) != text.npos; }

TEST(Page, IsWellFormedAndOfKnownElementsOnly) {
  for (const auto& [name, page] : pages()) {
    SCOPED_TRACE(name);
    const StrictReader reader(page);
    for (const char* once : {"html", "head", "body", "main", "h1", "style", "script"})
      EXPECT_EQ(reader.count(once), 1U) << once;
  }
}

TEST(Page, RefersToElementsThatExistOnce) {
  for (const auto& [name, page] : pages()) {
    SCOPED_TRACE(name);
    const StrictReader reader(page);
    std::set<std::string> ids;
    for (const Element& element : reader.elements())
      if (const auto id = element.attributes.find("id"); id != element.attributes.end())
        EXPECT_TRUE(ids.insert(id->second).second) << id->second;
    for (const Element& element : reader.elements()) {
      for (const auto& [attribute, value] : element.attributes) {
        if (attribute == "href") EXPECT_TRUE(value[0] == '#' && ids.contains(value.substr(1))) << value;
        if (attribute == "aria-labelledby")
          for (const std::string& id : words_of(value)) EXPECT_TRUE(ids.contains(id)) << id;
      }
    }
  }
}

TEST(Page, FetchesNothing) {
  for (const auto& [name, page] : pages()) {
    SCOPED_TRACE(name);
    const StrictReader reader(page);
    EXPECT_TRUE(has(page, "default-src &#39;none&#39;"));
    EXPECT_TRUE(has(page, page_style_hash) && has(page, page_script_hash));
    for (const std::string_view fetching : {"url(", "@import", "http:", "https:", "src=", "fetch("})
      EXPECT_FALSE(has(std::string(page_style) + std::string(page_script), fetching)) << fetching;
  }
}

// One invalid coordinate would break a whole chart.
TEST(Page, DrawsNumbersOnly) {
  for (const auto& [name, page] : pages()) {
    SCOPED_TRACE(name);
    const StrictReader reader(page);
    for (const Element& element : reader.elements())
      for (const char* attribute : {"d", "x", "y", "x1", "x2", "y1", "y2", "width", "height"})
        if (const auto found = element.attributes.find(attribute); found != element.attributes.end()) {
          EXPECT_EQ(found->second.find_first_not_of("0123456789.-%em MLZ"), std::string::npos)
              << found->second;
          EXPECT_FALSE(found->second.starts_with("-") && found->second != "-8") << found->second;
        }
  }
}

TEST(Page, IsTheSameForTheSameResult) {
  const auto once = to_html(migrate_document(busy_options(), busy_summary()), some_run());
  EXPECT_EQ(once, to_html(migrate_document(busy_options(), busy_summary()), some_run()));
}

TEST(Page, ShowsHostileNamesAsText) {
  const StrictReader reader(pages().at("hostile"));
  const std::string& text = reader.text();
  EXPECT_TRUE(has(text, hostile_markup));
  EXPECT_TRUE(has(text, "<img src=x onerror=window.injected=1>"));
  EXPECT_TRUE(has(text, "left\\xe2\\x80\\xaeright\\xe2\\x81\\xa6")) << "changes of direction";
  EXPECT_TRUE(has(text, "x\\xff\\xfe\\x1b[31m\\x0a")) << "bytes";
  EXPECT_TRUE(has(text, "&lt;b&gt;&#x3c;"));
  EXPECT_TRUE(has(text, std::string(100, 'w')));
  EXPECT_FALSE(has(pages().at("hostile"), "\u202e"));
  EXPECT_FALSE(has(pages().at("hostile"), "\x1b"));
}

TEST(Page, OfACorpusListsEveryBadJob) {
  const std::string& page = pages().at("corpus");
  for (const char* kind : {"data-element", "json-syntax", "gzip-truncated", "wrong-type"})
    EXPECT_TRUE(has(page, kind));
  EXPECT_TRUE(has(page, "Complete, without"));
  EXPECT_TRUE(has(page, "class=\"outcome attention\""));
  const StrictReader reader(page);
  EXPECT_EQ(reader.count("figure"), 3U);
}

TEST(Page, ShortensLongTables) {
  const std::string& page = pages().at("busy");
  EXPECT_TRUE(has(page, "345 more are not shown here. The file that --report FILE writes has all of them."));
  EXPECT_TRUE(has(page, "Not complete: 2,345 jobs could not be migrated."));
  EXPECT_LT(page.size(), 2'000'000U);
}

TEST(Page, ExplainsARunThatDidNothing) {
  EXPECT_TRUE(has(pages().at("stopped"), "Failed: the migration could not continue."));
  EXPECT_TRUE(has(pages().at("stopped"), "12.3 GB free"));
  EXPECT_FALSE(has(pages().at("stopped"), "<figure"));
  EXPECT_TRUE(has(pages().at("idle"), "Nothing to do: "));
  EXPECT_TRUE(has(pages().at("no_jobs"), "nothing to draw"));
}

TEST(Page, DrawsValuesThatAreNotFinite) {
  constexpr double infinite = std::numeric_limits<double>::infinity();
  for (const double strange : {std::nan(""), infinite, -infinite, -1., 0., 1e-300, 1e300}) {
    TimeChart chart{"t", "d", "B/s", true, strange, {0, strange, 1}, {{"s", {strange, 0, 1}}}};
    const std::string page = to_html({"f", "t", {}, {}, {{"s", {chart}}}}, some_run());
    const StrictReader reader(page);
    for (const Element& element : reader.elements())
      if (element.name == "path")
        EXPECT_EQ(element.attributes.at("d").find_first_not_of("0123456789. MLZ"), std::string::npos)
            << strange;
  }
}

TEST(Page, LeavesOutEmptyCharts) {
  Table table{"c", "", {{"h"}}};
  table.empty = "None.";
  const std::string page = to_html({"f", "t", {}, {}, {{"s", {TimeChart{}, BarChart{}, table}}}}, some_run());
  EXPECT_FALSE(has(page, "<figure") || has(page, "<table"));
  EXPECT_TRUE(has(page, "None."));
}

std::uint64_t jobs_in(const Timeline& timeline) {
  std::uint64_t jobs = 0;
  for (const Timeline::Moment& moment : timeline.moments) jobs += moment.jobs;
  return jobs;
}

TEST(Timeline, StaysSmallAndLosesNothing) {
  Timeline timeline;
  for (int i = 0; i < 100'000; ++i) timeline.add(i * 0.37, {1, 2, 3});
  EXPECT_LE(timeline.moments.size(), Timeline::most_moments);
  EXPECT_GT(timeline.moments.size(), Timeline::most_moments / 2);
  EXPECT_EQ(jobs_in(timeline), 100'000U);
  EXPECT_EQ(timeline.seconds, 99'999 * 0.37);
  timeline.add(1e9, {1, 0, 0});  // as after a suspend of the machine
  EXPECT_LE(timeline.moments.size(), Timeline::most_moments);
  EXPECT_EQ(jobs_in(timeline), 100'001U);
}

TEST(Timeline, HasOnlyTheJobsOfThisRun) {
  const TempDir temp;
  Tree archive = plain_archive(0);
  archive["c/0/002/100/meta.json"] = "{";
  write_tree(temp.path("a"), archive);
  const Summary first = run(temp.path("a"), temp.path("b"), 3, {});
  EXPECT_EQ(jobs_in(first.timeline), 2U);
  EXPECT_EQ(std::accumulate(first.sizes.begin(), first.sizes.end(), std::uint64_t{0}), 1U);
  EXPECT_GT(first.timeline.seconds, 0);
  const Summary second = run(temp.path("a"), temp.path("b"), 3, {});
  EXPECT_EQ(second.unchanged, 1U);
  EXPECT_EQ(jobs_in(second.timeline), 1U);
  EXPECT_EQ(std::accumulate(second.sizes.begin(), second.sizes.end(), std::uint64_t{0}), 0U);
}

TEST(RunFacts, QuotesTheCommandForAShell) {
  const char* const words[] = {"jobferry", "--src", "my archive", "it's", "", "a=b"};
  const RunFacts facts = facts_of_run(words, 3);
  EXPECT_EQ(facts.command, R"(jobferry --src 'my archive' 'it'\''s' '' a=b)");
  EXPECT_EQ(facts.threads, 3U);
  EXPECT_GE(facts_of_run(std::span(words).first(1), 0).threads, 1U);
  EXPECT_TRUE(has(facts.build, JOBFERRY_VERSION));
}

}  // namespace

}  // namespace jobferry::test
