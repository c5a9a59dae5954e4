/* Writes an NDB database with rpm's own functions: rpm-ndb DATABASE <HEADERS

   HEADERS has a line for each package: its number, a blank, its header in hexadecimal; a line with
   a number alone takes that package out again. Debian's rpm has no NDB, so rpmpkg.c is compiled
   from its source; what follows is all that it needs of the rest of rpm. */

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "rpmpkg.h"

static void *some(void *memory)
{
    if (!memory)
        exit(1);
    return memory;
}

void *xmalloc(size_t size) { return some(malloc(size)); }
void *xcalloc(size_t n, size_t size) { return some(calloc(n, size)); }
void *xrealloc(void *memory, size_t size) { return some(realloc(memory, size)); }
char *xstrdup(const char *text) { return some(strdup(text)); }
void rpmlog(int code, const char *text, ...) { fprintf(stderr, "%d: %s", code, text); }

int main(int argc, char **argv)
{
    rpmpkgdb database = NULL;
    char *line = NULL;
    size_t room = 0;

    if (argc != 2 || rpmpkgOpen(&database, argv[1], O_RDWR | O_CREAT, 0644))
        return 1;
    while (getline(&line, &room, stdin) > 0) {
        char *text;
        unsigned long number = strtoul(line, &text, 10);
        unsigned char *header = some(malloc(strlen(text) / 2 + 1));
        unsigned int length = 0, byte;

        for (text += *text == ' '; sscanf(text, "%2x", &byte) == 1; text += 2)
            header[length++] = byte;
        if (length ? rpmpkgPut(database, number, header, length) : rpmpkgDel(database, number))
            return 1;
        free(header);
    }
    rpmpkgClose(database);
    return 0;
}
