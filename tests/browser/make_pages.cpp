// Writes the sample pages for the browser into a directory: make_pages DIR
#include <iostream>

#include "pages.h"
#include "tree.h"

int main(int argc, char** argv) {
  if (argc != 2) {
    std::cerr << "usage: make_pages DIR\n";
    return 2;
  }
  for (const auto& [name, page] : jobferry::test::sample_pages())
    jobferry::test::write_file(std::string(argv[1]) + '/' + name + ".html", page);
}
