# postern.m4 - the checks that configure.ac makes

# POSTERN_MISSING(WHAT, DEBIAN-PACKAGE)
# Note that WHAT is needed and not there. POSTERN_TELL_MISSING ends configure for it.
AC_DEFUN([POSTERN_MISSING], [
postern_missing="$postern_missing
  $1 (Debian: $2)"
postern_packages="$postern_packages $2"
])

# POSTERN_TELL_MISSING
# End here if something is missing, and name all of it with the command that brings it.
AC_DEFUN([POSTERN_TELL_MISSING], [
AS_IF([test -n "$postern_missing"], [AC_MSG_ERROR([not found, and needed:
$postern_missing

On Debian, as root:

  apt-get install$postern_packages
])])
])

# POSTERN_NEED_CC
# End here without a compiler that builds programs: without it nothing else can be looked for, and
# AC_PROG_CC doesn't say where it comes from.
AC_DEFUN([POSTERN_NEED_CC], [
AC_MSG_CHECKING([for a C compiler and library])
postern_found=no
cat >conftest.c <<_POSTERN
#include <stdio.h>
int main(void) { return puts("") < 0; }
_POSTERN
for postern_cc in "$CC" gcc cc clang
do
	AS_IF([test -n "$postern_cc" && $postern_cc $CFLAGS -o conftest conftest.c >&AS_MESSAGE_LOG_FD 2>&1],
		[postern_found=yes
		 break])
done
rm -f conftest conftest.c
AC_MSG_RESULT([$postern_found])
AS_IF([test $postern_found = no], [AC_MSG_ERROR([no C compiler that builds a program.

On Debian, as root:

  apt-get install gcc libc6-dev

config.log says what was tried.])])
])

# POSTERN_LIBRARY(PREFIX, NAME, LIBRARY, FUNCTION, INCLUDES, DEBIAN-PACKAGE)
# Find a library that has no .pc file: its header must compile and the program link.
# Sets PREFIX_LIBS.
AC_DEFUN([POSTERN_LIBRARY], [
AC_MSG_CHECKING([for $2])
postern_save_LIBS=$LIBS
LIBS="-l$3 $LIBS"
AC_LINK_IFELSE([AC_LANG_PROGRAM([$5], [return (void *)$4 == (void *)0;])],
	[AC_MSG_RESULT([yes])
	 $1_LIBS=-l$3],
	[AC_MSG_RESULT([no])
	 POSTERN_MISSING([$2], [$6])])
LIBS=$postern_save_LIBS
AC_SUBST([$1_LIBS])
])

# POSTERN_MILTER_FD
# End here unless libmilter takes a socket that is already open, as "fd:N". Debian's does, upstream's
# does not. It can't be tried when cross compiling: postern_cv_milter_fd must say so.
AC_DEFUN([POSTERN_MILTER_FD], [
AC_CACHE_CHECK([whether libmilter takes fd:N], [postern_cv_milter_fd], [
postern_save_LIBS=$LIBS
LIBS="$MILTER_LIBS $LIBS"
AC_RUN_IFELSE([AC_LANG_PROGRAM([[
#include <libmilter/mfapi.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
]], [[
	struct smfiDesc filter = { .xxfi_name = (char *)"conftest", .xxfi_version = SMFI_VERSION };
	struct sockaddr_un any = { .sun_family = AF_UNIX };
	char where[32];
	int fd = socket(AF_UNIX, SOCK_STREAM, 0);

	/* A unix address of the family alone is bound to a free abstract name: no file is made. */
	if (fd < 0 || bind(fd, (struct sockaddr *)&any, sizeof any.sun_family) || listen(fd, 1))
		return 1;
	snprintf(where, sizeof where, "fd:%d", fd);
	return smfi_register(filter) != MI_SUCCESS || smfi_setconn(where) != MI_SUCCESS ||
	    smfi_opensocket(0) != MI_SUCCESS;
]])], [postern_cv_milter_fd=yes], [postern_cv_milter_fd=no], [postern_cv_milter_fd=no])
LIBS=$postern_save_LIBS
])
AS_IF([test "$postern_cv_milter_fd" != yes], [AC_MSG_ERROR([libmilter does not take fd:N.

postern makes its socket itself and hands it to libmilter as fd:N. The libmilter of Debian (package
libmilter-dev) takes that, as made by its patch; the one found here does not. When cross compiling,
where it can't be tried, say postern_cv_milter_fd=yes if it does.])])
])

# POSTERN_TRY_FLAGS(CFLAGS, LDFLAGS, IF-THEY-WORK, IF-NOT)
# Try flags with warnings as errors, so that a flag that is only ignored counts as not working.
AC_DEFUN([POSTERN_TRY_FLAGS], [
AC_MSG_CHECKING([whether $CC takes m4_normalize([$1 $2])])
postern_save_CFLAGS=$CFLAGS
postern_save_LDFLAGS=$LDFLAGS
CFLAGS="$CFLAGS $1 -Werror"
LDFLAGS="$LDFLAGS $2"
AC_RUN_IFELSE([AC_LANG_PROGRAM([[#include <stdio.h>]], [[return printf("%s", "") != 0;]])],
	[postern_works=yes], [postern_works=no],
	[AC_LINK_IFELSE([AC_LANG_PROGRAM([[#include <stdio.h>]], [[return printf("%s", "") != 0;]])],
		[postern_works=yes], [postern_works=no])])
CFLAGS=$postern_save_CFLAGS
LDFLAGS=$postern_save_LDFLAGS
AC_MSG_RESULT([$postern_works])
AS_IF([test $postern_works = yes], [$3], [$4])
])

# POSTERN_SANITIZER(LIST)
AC_DEFUN([POSTERN_SANITIZER], [
# A finding must fail its test, so nothing is recovered from.
SANITIZER_CFLAGS="-fsanitize=$1 -fno-sanitize-recover=all -fno-omit-frame-pointer"
POSTERN_TRY_FLAGS([$SANITIZER_CFLAGS], [], [],
	[AC_MSG_ERROR([--enable-sanitizer=$1: $CC can't build a program with it that runs.
See config.log. Where it says "unexpected memory mapping", use: setarch -R ./configure ..., and the
same before make.])])
AC_SUBST([SANITIZER_CFLAGS])
])

# POSTERN_FUZZERS
# Everything is built so that libFuzzer sees which branches it takes, the fuzzers get its main().
AC_DEFUN([POSTERN_FUZZERS], [
FUZZER_CFLAGS=-fsanitize=fuzzer-no-link
FUZZER_MAIN=-fsanitize=fuzzer
POSTERN_TRY_FLAGS([$FUZZER_CFLAGS], [], [],
	[AC_MSG_ERROR([--enable-fuzzers: $CC has no libFuzzer. Use clang, on Debian:
  apt-get install clang libclang-rt-dev
  ./configure CC=clang --enable-fuzzers --enable-sanitizer=address,undefined])])
AC_SUBST([FUZZER_CFLAGS])
AC_SUBST([FUZZER_MAIN])
])

# POSTERN_HARDENING
# Take each of the usual protections that works here.
AC_DEFUN([POSTERN_HARDENING], [
POSTERN_TRY_FLAGS([-D_FORTIFY_SOURCE=2], [],
	[HARDENING_CFLAGS="$HARDENING_CFLAGS -D_FORTIFY_SOURCE=2"])
POSTERN_TRY_FLAGS([-fstack-protector-strong], [],
	[HARDENING_CFLAGS="$HARDENING_CFLAGS -fstack-protector-strong"])
POSTERN_TRY_FLAGS([-fPIE], [-pie], [
	HARDENING_CFLAGS="$HARDENING_CFLAGS -fPIE"
	HARDENING_LDFLAGS="$HARDENING_LDFLAGS -pie"])
POSTERN_TRY_FLAGS([], [-Wl,-z,relro,-z,now],
	[HARDENING_LDFLAGS="$HARDENING_LDFLAGS -Wl,-z,relro,-z,now"])
AC_SUBST([HARDENING_CFLAGS])
AC_SUBST([HARDENING_LDFLAGS])
])
