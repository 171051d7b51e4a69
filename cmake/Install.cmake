# Defines what `cmake --install` installs and `cpack` packages. There are two packages: jobferry contains the
# program and its manual, libjobferry-dev the library for programs that migrate archives themselves.
include(CMakePackageConfigHelpers)

# The manual and the completion, generated from the table of commands.
set(manual ${PROJECT_BINARY_DIR}/manual)
set(manual_pages archive-migration jobferry jobferry-info jobferry-migrate jobferry-plan jobferry-status
  jobferry-validate jobferry-verify)
list(TRANSFORM manual_pages REPLACE "(.+)" "${manual}/\\1.1" OUTPUT_VARIABLE plain_pages)
list(TRANSFORM plain_pages APPEND .gz OUTPUT_VARIABLE packed_pages)
add_custom_command(
  OUTPUT ${plain_pages} ${packed_pages} ${manual}/jobferry.bash
  COMMAND make_manual ${manual}
  COMMAND gzip -9nkf ${plain_pages}
  DEPENDS make_manual)
# The drop-in: jobferry under the name of cc-backend's migration tools.
add_custom_command(
  OUTPUT ${PROJECT_BINARY_DIR}/archive-migration
  COMMAND ${CMAKE_COMMAND} -E create_symlink jobferry ${PROJECT_BINARY_DIR}/archive-migration)
set(changelog ${PROJECT_BINARY_DIR}/changelog.gz)
add_custom_command(
  OUTPUT ${changelog}
  COMMAND gzip -9nc ${PROJECT_SOURCE_DIR}/cmake/changelog > ${changelog}
  DEPENDS ${PROJECT_SOURCE_DIR}/cmake/changelog)
add_custom_target(jobferry_extras ALL
  DEPENDS ${packed_pages} ${PROJECT_BINARY_DIR}/archive-migration ${changelog})

install(TARGETS jobferry RUNTIME DESTINATION ${CMAKE_INSTALL_BINDIR} COMPONENT jobferry)
install(FILES ${PROJECT_BINARY_DIR}/archive-migration DESTINATION ${CMAKE_INSTALL_BINDIR} COMPONENT jobferry)
install(FILES ${packed_pages} DESTINATION ${CMAKE_INSTALL_MANDIR}/man1 COMPONENT jobferry)
set(completions ${CMAKE_INSTALL_DATADIR}/bash-completion/completions)
foreach(name jobferry archive-migration)
  install(FILES ${manual}/jobferry.bash DESTINATION ${completions} RENAME ${name} COMPONENT jobferry)
endforeach()
install(DIRECTORY schemas DESTINATION ${CMAKE_INSTALL_DATADIR}/jobferry COMPONENT jobferry)
install(FILES README.md DESTINATION ${CMAKE_INSTALL_DOCDIR} COMPONENT jobferry)
install(DIRECTORY docs/ DESTINATION ${CMAKE_INSTALL_DOCDIR}/docs COMPONENT jobferry)

install(TARGETS jobferry_core EXPORT jobferry
  ARCHIVE DESTINATION ${CMAKE_INSTALL_LIBDIR} COMPONENT libjobferry-dev)
install(DIRECTORY include/jobferry DESTINATION ${CMAKE_INSTALL_INCLUDEDIR} COMPONENT libjobferry-dev)
set(package ${CMAKE_INSTALL_LIBDIR}/cmake/jobferry)
install(EXPORT jobferry NAMESPACE jobferry:: FILE jobferryTargets.cmake DESTINATION ${package}
  COMPONENT libjobferry-dev)
configure_package_config_file(cmake/jobferryConfig.cmake.in ${PROJECT_BINARY_DIR}/jobferryConfig.cmake
  INSTALL_DESTINATION ${package})
write_basic_package_version_file(${PROJECT_BINARY_DIR}/jobferryConfigVersion.cmake COMPATIBILITY SameMinorVersion)
install(FILES ${PROJECT_BINARY_DIR}/jobferryConfig.cmake ${PROJECT_BINARY_DIR}/jobferryConfigVersion.cmake
  DESTINATION ${package} COMPONENT libjobferry-dev)

# Debian requires these files in every package.
foreach(name jobferry libjobferry-dev)
  install(FILES ${changelog} DESTINATION ${CMAKE_INSTALL_DATADIR}/doc/${name} COMPONENT ${name})
  install(FILES cmake/copyright DESTINATION ${CMAKE_INSTALL_DATADIR}/doc/${name} COMPONENT ${name})
endforeach()

set(CPACK_GENERATOR DEB)
set(CPACK_PACKAGE_CONTACT "The jobferry developers <developers@jobferry.invalid>")
set(CPACK_PACKAGING_INSTALL_PREFIX /usr)
set(CPACK_STRIP_FILES ON)
set(CPACK_DEB_COMPONENT_INSTALL ON)
set(CPACK_COMPONENTS_ALL jobferry libjobferry-dev)
set(CPACK_DEBIAN_FILE_NAME DEB-DEFAULT)
set(CPACK_DEBIAN_PACKAGE_CONTROL_STRICT_PERMISSION ON)
set(CPACK_INSTALL_DEFAULT_DIRECTORY_PERMISSIONS
  OWNER_READ OWNER_WRITE OWNER_EXECUTE GROUP_READ GROUP_EXECUTE WORLD_READ WORLD_EXECUTE)

set(CPACK_DEBIAN_JOBFERRY_PACKAGE_NAME jobferry)
set(CPACK_DEBIAN_JOBFERRY_PACKAGE_SECTION utils)
set(CPACK_DEBIAN_JOBFERRY_PACKAGE_SHLIBDEPS ON)
set(CPACK_COMPONENT_JOBFERRY_DESCRIPTION "migrate ClusterCockpit job archives to another version
cc-backend stores every finished job of a cluster in a job archive, and each of
its releases accepts one archive version only. jobferry migrates an archive from
any version to any other in one pass, and can verify that nothing was lost.")

set(CPACK_DEBIAN_LIBJOBFERRY-DEV_PACKAGE_NAME libjobferry-dev)
set(CPACK_DEBIAN_LIBJOBFERRY-DEV_PACKAGE_SECTION libdevel)
set(CPACK_DEBIAN_LIBJOBFERRY-DEV_PACKAGE_DEPENDS
  "libtbb-dev, libsimdjson-dev, libdeflate-dev, libisal-dev, libsqlite3-dev, zlib1g-dev, libboost-filesystem-dev, libfmt-dev, pkg-config")
set(CPACK_COMPONENT_LIBJOBFERRY-DEV_DESCRIPTION "library of jobferry, to migrate job archives from C++
For programs that migrate ClusterCockpit job archives from one version to
another themselves: the library, its headers and a CMake package.")
include(CPack)
