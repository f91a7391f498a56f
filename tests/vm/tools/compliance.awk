# SPDX-License-Identifier: LGPL-2.1-or-later
# Judges what v4l2-compliance says of a driver. usage: awk [-v skew=1] -f compliance.awk LOG
#
# Nothing may fail, or be warned of. skew: but that the kernel has given NV12 and NM12 newer names than
# the tool knows; it ends its enumeration there, and misses the format wherever that is used afterwards.
# What is allowed so is told, test by test, and the total; what is wrong is told instead, with exit
# status 1.

function wrong(text)
{
	print "not compliant: " text
	bad = 1
}

function is_name(text,  was)
{
	was = "fmtdesc.description mismatch: was " quote "Y/UV 4:2:0%" quote ", expected " quote \
	      "Y/CbCr 4:2:0%" quote
	return text == plain(was, "") || text == plain(was, " (N-C)")
}

function plain(text, suffix)
{
	gsub(/%/, suffix, text)
	return text
}

function is_missed(text)
{
	return text ~ /^pixelformat 3231564e \(NV12\) for buftype [0-9]+ not reported by ENUM_FMT$/ ||
	       text ~ /^pixelformat 32314d4e \(NM12\) for buftype [0-9]+ not reported by ENUM_FMT$/
}

function is_allowed(test, text)
{
	if (!skew || !sub(/^fail: v4l2-test-formats\.cpp\([0-9]+\): /, "", text))
		return 0
	if (test == "VIDIOC_ENUM_FMT/FRAMESIZES/FRAMEINTERVALS" && is_name(text))
		return renamed = 1
	return renamed && test ~ /^VIDIOC_(G|TRY|S)_FMT$/ && is_missed(text)
}

BEGIN { quote = sprintf("%c", 39) }

/^[ \t]*(fail|warn):/ {
	sub(/^[ \t]*/, "")
	said[n++] = $0
}

/^[ \t]*test .*: / {
	test = $0
	sub(/^[ \t]*test /, "", test)
	sub(/: .*/, "", test)
	fails = $0 ~ /: FAIL$/
	failed += fails
	if (fails && n == 0)
		wrong(test " fails without a word")
	for (i = 0; i < n; i++) {
		if (fails && is_allowed(test, said[i]))
			print "allowed: " test ": " said[i]
		else
			wrong(test ": " said[i])
	}
	n = 0
}

/^Total for / {
	total = $0
	sub(/.*Failed: /, "", $0)
	counted = $0 + 0
}

END {
	for (i = 0; i < n; i++)
		wrong("after the last test: " said[i])
	if (total == "")
		wrong("it did not come to its end")
	else if (counted != failed)
		wrong(counted " tests failed by its own count, " failed " are told")
	else
		print total
	exit bad
}
