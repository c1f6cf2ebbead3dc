# SPDX-License-Identifier: Apache-2.0
# Hostile bodies of POST /initiate: malformed JSON, wrong types and values.
use strict;
use warnings;
use lib 't/lib';
use DLTest::Hostile;

my $hostile = DLTest::Hostile->new;

# [what, body, errorCode, message, status if not 400]
sub refused {
    $hostile->body('/initiate', @$_) for @_;
    return;
}

# "byte N: reason" of a body that is no JSON.
sub broken {
    my ($what, $body, $at, $reason) = @_;
    refused([$what, $body, 'INVALID_JSON',
             qr/^request body, byte $at: \Q$reason\E$/]);
    return;
}

my $VALUE = 'a value is expected';
my $MEMBER = 'a member name in quotation marks is expected';
my $MORE = 'there is more after the value';
my $EARLY = 'the text ends too early';
my $OBJECT = '"," or "}" is expected';
my $ARRAY = '"," or "]" is expected';
my $UTF8 = 'this is not valid UTF-8';
my $CONTROL = 'a control character must be escaped';
my $HALF = 'half a surrogate pair is no character';

broken(@$_) for (
    # not JSON at all
    ['nothing', '', 0, 'the text is empty'],
    ['a blank', ' ', 1, $EARLY],
    ['line feeds', "\r\n\r\n", 4, $EARLY],
    ['a form', 'file_id=70000', 0, $VALUE],
    ['XML', '<?xml version="1.0"?><file_id>70000</file_id>', 0, $VALUE],
    ['HTML', '<script>alert(1)</script>', 0, $VALUE],
    ['YAML', "file_id: 70000\n", 0, $VALUE],
    ['a NUL', "\0", 0, $VALUE],
    ['NULs', "\0" x 1000, 0, $VALUE],
    ['binary', join('', map { chr } 128 .. 255), 0, $VALUE],
    ['gzip', "\x1f\x8b\x08\x00\x00\x00\x00\x00", 0, $VALUE],
    ['UTF-16', "\xff\xfe{\0}\0", 0, $VALUE],
    ['a byte order mark', "\xef\xbb\xbf{\"file_id\":70000}", 0,
     'a byte order mark is not allowed'],
    ['a format string', '%s%s%s%n%n', 0, $VALUE],
    ['a RESP command', "*1\r\n\$8\r\nFLUSHALL\r\n", 0, $VALUE],
    # cut short
    ['{', '{', 1, $MEMBER],
    ['{"', '{"', 2, 'the string has no end'],
    ['{"file_id"', '{"file_id"', 10, '":" is expected'],
    ['{"file_id":', '{"file_id":', 11, $EARLY],
    ['{"file_id":7', '{"file_id":7', 12, $OBJECT],
    ['{"file_ids":[', '{"file_ids":[', 13, $EARLY],
    ['{"file_ids":[70000', '{"file_ids":[70000', 18, $EARLY],
    ['{"file_ids":[70000,', '{"file_ids":[70000,', 19, $EARLY],
    ['{"file_ids":[70000]', '{"file_ids":[70000]', 19, $OBJECT],
    # something behind
    ['two objects', '{"file_id":70000}{"file_id":70001}', 17, $MORE],
    ['lines of JSON', "{\"file_id\":70000}\n{\"file_id\":70001}", 18, $MORE],
    ['a NUL behind', "{\"file_id\":70000}\0", 17, $MORE],
    ['a brace behind', '{"file_id":70000}}', 17, $MORE],
    ['a comment behind', '{"file_id":70000}//x', 17, $MORE],
    ['a semicolon behind', '{"file_id":70000};', 17, $MORE],
    # what JavaScript or JSON5 would take
    ['single quotes', "{'file_id':70000}", 1, $MEMBER],
    ['no quotes', '{file_id:70000}', 1, $MEMBER],
    ['a trailing comma', '{"file_id":70000,}', 17, $MEMBER],
    ['a trailing comma of a list', '{"file_ids":[70000,]}', 19, $VALUE],
    ['a leading comma', '{"file_ids":[,70000]}', 13, $VALUE],
    ['no comma', '{"file_ids":[70000 70001]}', 19, $ARRAY],
    ['a comment', '{"file_id":/**/70000}', 11, $VALUE],
    ['a comment line', "#\n{\"file_id\":70000}", 0, $VALUE],
    ['hex', '{"file_id":0x11170}', 12, $OBJECT],
    ['octal', '{"file_id":0210560}', 11, 'a number may not begin with 0'],
    ['a plus', '{"file_id":+70000}', 11, $VALUE],
    ['no digit', '{"file_id":-}', 12,
     'a digit is needed after the minus sign'],
    ['no digit before the point', '{"file_id":.7e5}', 11, $VALUE],
    ['no digit after the point', '{"file_id":70000.}', 17,
     'a digit is needed after the decimal point'],
    ['no exponent', '{"file_id":7e}', 13,
     'a digit is needed in the exponent of a number'],
    ['NaN', '{"file_id":NaN}', 11, $VALUE],
    ['Infinity', '{"file_id":Infinity}', 11, $VALUE],
    ['undefined', '{"file_id":undefined}', 11, $VALUE],
    ['an underscore', '{"file_id":70_000}', 13, $OBJECT],
    ['a dot of thousands', '{"file_id":70.000.0}', 17, $OBJECT],
    ['a suffix', '{"file_id":70000n}', 16, $OBJECT],
    ['an expression', '{"file_id":70000+1}', 16, $OBJECT],
    ['True', '{"file_id":True}', 11, $VALUE],
    ['tru', '{"file_id":tru}', 11, $VALUE],
    ['a wrong bracket', '{"file_ids":[70000}}', 18, $ARRAY],
    ['a wrong brace', '{"file_id":70000]', 16, $OBJECT],
    ['a no-break space', "{\xc2\xa0\"file_id\":70000}", 1, $MEMBER],
    ['a vertical tab', "{\x0b\"file_id\":70000}", 1, $MEMBER],
    # strings
    ['a line feed', "{\"x\":\"a\nb\"}", 7, $CONTROL],
    ['a NUL inside', "{\"x\":\"a\0b\"}", 7, $CONTROL],
    ['an escape character', "{\"x\":\"\e[2J\"}", 6, $CONTROL],
    ['a control character in a name', "{\"a\x01\":1}", 3, $CONTROL],
    ['a stray byte', "{\"x\":\"\xff\"}", 6, $UTF8],
    ['Latin-1', "{\"x\":\"caf\xe9\"}", 9, $UTF8],
    ['an overlong slash', "{\"x\":\"\xc0\xaf\"}", 6, $UTF8],
    ['an overlong NUL', "{\"x\":\"\xc0\x80\"}", 6, $UTF8],
    ['an overlong of three', "{\"x\":\"\xe0\x80\xaf\"}", 6, $UTF8],
    ['a surrogate in UTF-8', "{\"x\":\"\xed\xa0\x80\"}", 6, $UTF8],
    ['above U+10FFFF', "{\"x\":\"\xf4\x90\x80\x80\"}", 6, $UTF8],
    ['five bytes', "{\"x\":\"\xf8\x88\x80\x80\x80\"}", 6, $UTF8],
    ['a character cut in half', "{\"x\":\"\xe2\x82\"}", 6, $UTF8],
    ['bad UTF-8 in a name', "{\"\xff\":1}", 2, $UTF8],
    ['a lone high surrogate', '{"x":"\ud800"}', 6, $HALF],
    ['a lone low surrogate', '{"x":"\udc00"}', 6, $HALF],
    ['surrogates swapped', '{"x":"\udc00\ud800"}', 6, $HALF],
    ['a surrogate and a letter', '{"x":"\ud800\u0041"}', 6, $HALF],
    ['an unknown escape', '{"x":"\x41"}', 6, 'there is no such escape'],
    ['an octal escape', '{"x":"\101"}', 6, 'there is no such escape'],
    ['three hex digits', '{"x":"\u041"}', 8,
     'four hex digits are needed after \u'],
    ['no end', '{"x":"\"}', 9, 'the string has no end'],
    # duplicates, at any depth, however they are written
    ['file_id twice', '{"file_id":70000,"file_id":70001}', 17,
     'this member is there twice'],
    ['file_ids twice', '{"file_ids":[70000],"file_ids":[70001]}', 20,
     'this member is there twice'],
    ['an escaped twin', '{"file_id":70000,"file\u005fid":70001}', 17,
     'this member is there twice'],
    ['a key twice', '{"file_id":70000,"idempotency_key":"a",'
     . '"idempotency_key":"b"}', 39, 'this member is there twice'],
    ['twice below', '{"file_id":70000,"x":[{"a":1,"a":2}]}', 29,
     'this member is there twice'],
    ['no name, twice', '{"":1,"":2}', 6, 'this member is there twice'],
    # depth and size
    ['nine arrays', '[' x 9 . ']' x 9, 8, 'the nesting is deeper than 8'],
    ['nine objects', '{"a":' x 9 . '1' . '}' x 9, 40,
     'the nesting is deeper than 8'],
    ['deep below a member', '{"file_id":70000,"x":' . '[' x 8 . ']' x 8
     . '}', 28, 'the nesting is deeper than 8'],
    ['60,000 brackets', '[' x 60_000, 8, 'the nesting is deeper than 8'],
    ['12,000 objects', '{"a":' x 12_000, 40, 'the nesting is deeper than 8'],
    ['257 members', '{' . join(',', map { "\"m$_\":0" } 1 .. 257) . '}',
     2197, 'the object has more than 256 members'],
);

my @ids = map { 70_000 + $_ } 0 .. 1000;
refused(
    ['too large', '{"file_id":70000,"x":"' . 'x' x 65_536 . '"}', 'TOO_LARGE',
     qr/65536 bytes/, 413],
    ['one byte too large', ' ' x 65_537, 'TOO_LARGE', qr/65536 bytes/, 413],
    ['just not too large', ' ' x 65_536, 'INVALID_JSON', qr/byte 65536/],
    ['1 MiB', 'x' x 1_048_576, 'TOO_LARGE', qr/65536 bytes/, 413],
    ['1 MiB of ids', '{"file_ids":[' . join(',', (70_000) x 170_000) . ']}',
     'TOO_LARGE', qr/65536 bytes/, 413],
    # not an object
    ['an array', '[70000]', 'INVALID_REQUEST',
     qr/^request body: it is an array, not an object$/],
    ['a batch', '[{"file_id":70000}]', 'INVALID_REQUEST', qr/an array/],
    ['a number', '70000', 'INVALID_REQUEST', qr/a number, not an object/],
    ['a string', '"file_id"', 'INVALID_REQUEST', qr/a string/],
    ['null', 'null', 'INVALID_REQUEST', qr/it is null, not an object/],
    ['true', 'true', 'INVALID_REQUEST', qr/a boolean, not an object/],
    # which files
    ['an empty object', '{}', 'INVALID_REQUEST', qr/^file_ids: it is missing/],
    ['another spelling', '{"fileIds":[70000]}', 'INVALID_REQUEST',
     qr/^file_ids: it is missing/],
    ['capitals', '{"FILE_ID":70000}', 'INVALID_REQUEST', qr/missing/],
    ['a prototype', '{"__proto__":{"file_id":70000}}', 'INVALID_REQUEST',
     qr/missing/],
    ['nested too low', '{"data":{"file_id":70000}}', 'INVALID_REQUEST',
     qr/missing/],
    ['both', '{"file_id":70000,"file_ids":[70000]}', 'INVALID_REQUEST',
     qr/^file_ids and file_id: give one of the two, not both$/],
    ['an empty list', '{"file_ids":[]}', 'INVALID_REQUEST',
     qr/^file_ids: the list is empty; 1 to 1000 ids are needed$/],
    ['1,001 ids', '{"file_ids":[' . join(',', @ids) . ']}',
     'INVALID_REQUEST', qr/^file_ids: 1001 ids are above 1000$/],
    ['1,001 times the same', '{"file_ids":[' . join(',', (70_000) x 1001)
     . ']}', 'INVALID_REQUEST', qr/^file_ids: 1001 ids are above 1000$/],
    ['10,000 ids', '{"file_ids":[' . join(',', (70_000) x 10_000) . ']}',
     'INVALID_REQUEST', qr/^file_ids: 10000 ids are above 1000$/],
);

# A value that is no list, and one that is no id.
refused(map { [@$_[0, 1], 'INVALID_REQUEST',
               qr/^file_ids: \Q$_->[2]\E, not an array$/] } (
    ['a number', '{"file_ids":70000}', '70000 is a number'],
    ['a string', '{"file_ids":"70000"}', '"70000" is a string'],
    ['a list in a string', '{"file_ids":"[70000]"}', '"[70000]" is a string'],
    ['an object', '{"file_ids":{"0":70000}}', '{"0":70000} is an object'],
    ['true', '{"file_ids":true}', 'true is a boolean'],
));
refused(['null', '{"file_ids":null}', 'INVALID_REQUEST',
         qr/^file_ids: null is not an array$/]);

# [value as sent, what is said of it]
my @values = (
    ['0', '0 is below 10000'],
    ['-0', '-0 is below 10000'],
    ['1', '1 is below 10000'],
    ['9999', '9999 is below 10000'],
    ['100000001', '100000001 is above 100000000'],
    ['-1', '-1 is below 10000'],
    ['-70000', '-70000 is below 10000'],
    ['-7e4', '-7e4 is below 10000'],
    ['1e9', '1e9 is above 100000000'],
    ['1e400', '1e400 is above 100000000'],
    ['-1e400', '-1e400 is below 10000'],
    ['1e999999999999', '1e999999999999 is above 100000000'],
    ['2147483648', '2147483648 is above 100000000'],
    ['4295037296', '4295037296 is above 100000000'],
    ['9223372036854775807', '9223372036854775807 is above 100000000'],
    ['9223372036854775808', '9223372036854775808 is above 100000000'],
    ['-9223372036854775808', '-9223372036854775808 is below 10000'],
    ['18446744073709621616', '18446744073709621616 is above 100000000'],
    ['9' x 39, '9' x 39 . ' is above 100000000'],
    ['1' . '0' x 5000, '1' . '0' x 39 . '... is above 100000000'],
    ['1.5', '1.5 is not an integer'],
    ['70000.5', '70000.5 is not an integer'],
    ['70000.0000000001', '70000.0000000001 is not an integer'],
    ['7.00005e4', '7.00005e4 is not an integer'],
    ['7e-4', '7e-4 is not an integer'],
    ['0.1', '0.1 is not an integer'],
    ['1e-999999999999', '1e-999999999999 is not an integer'],
    ['null', 'null is not an integer'],
    ['true', 'true is a boolean, not an integer'],
    ['false', 'false is a boolean, not an integer'],
    ['"70000"', '"70000" is a string, not an integer'],
    ['""', '"" is a string, not an integer'],
    ['"7e4"', '"7e4" is a string, not an integer'],
    ['"; DROP TABLE files"', '"; DROP TABLE files" is a string, not an '
     . 'integer'],
    ['"../../etc/passwd"', '"../../etc/passwd" is a string, not an integer'],
    ['[]', '[] is an array, not an integer'],
    ['[70000]', '[70000] is an array, not an integer'],
    ['{}', '{} is an object, not an integer'],
    ['{"$gt":0}', '{"$gt":0} is an object, not an integer'],
    ['"' . 'x' x 60_000 . '"', '"' . 'x' x 39 . '... is a string, not an '
     . 'integer'],
);
for (@values) {
    my ($value, $said) = @$_;
    my $short = length $value > 20 ? substr($value, 0, 20) . '...' : $value;
    refused(["file_id $short", "{\"file_id\":$value}", 'INVALID_FILE_ID',
             qr/^file_id: \Q$said\E$/],
            ["file_ids[1] $short", "{\"file_ids\":[70000,$value]}",
             'INVALID_FILE_ID', qr/^file_ids\[1\]: \Q$said\E$/]);
}

$hostile->finish(199);
