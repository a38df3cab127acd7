/*
 * A PKCS#11 module that passes every call on to a real one, and fails when it is told to.
 *
 * FAULTY_PKCS11        the real module
 * FAULTY_PKCS11_ORDERS a file that says what is to fail; it is read when it has changed. A line is
 *                      FUNCTION CODE TIMES     so many calls return this code, without being made
 *                      FUNCTION hang TIMES     so many calls do not return before the file changes
 *                      FUNCTION flip TIMES     the last bit of what was signed is wrong
 *                      C_GetAttributeValue raw TIMES    so many calls give EC points without their
 *                                                       OCTET STRING (P11-20)
 *                      C_GetAttributeValue omit TIMES   so many calls know of no EC points
 *
 * Every function that can fail takes at most six arguments of the size of a register, so one shape
 * serves all; layouts and calls are those of 64-bit Unix.
 */
#include <dlfcn.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

typedef unsigned long word;
typedef word (*function)(word, word, word, word, word, word);

#define FUNCTIONS 68
#define ORDERS 16

/* CK_VERSION fills the first eight bytes together with its padding. */
struct function_list {
  word version;
  function functions[FUNCTIONS];
};

/* CK_ATTRIBUTE */
struct attribute {
  word type;
  unsigned char *value;
  word length;
};

#define CKA_EC_POINT 0x181
#define CKR_ATTRIBUTE_TYPE_INVALID 0x12
#define CKR_BUFFER_TOO_SMALL 0x150
#define UNAVAILABLE ((word) -1)

#define C_SIGN 43
#define C_SIGN_FINAL 45

struct order {
  char name[32];
  char what[16];
  long times;
};

static struct function_list *real;
static struct function_list ours;

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static struct order orders[ORDERS];
static int count;
static long generation; /* of the orders */
static struct timespec read_at;
static ino_t read_file;

static void read_orders(void) {
  const char *path = getenv("FAULTY_PKCS11_ORDERS");
  struct stat now;
  FILE *file;
  if (path == NULL || stat(path, &now) != 0) {
    count = 0;
    return;
  }
  if (now.st_ino == read_file && now.st_mtim.tv_sec == read_at.tv_sec
      && now.st_mtim.tv_nsec == read_at.tv_nsec) {
    return;
  }
  file = fopen(path, "r");
  if (file == NULL) {
    return;
  }
  read_at = now.st_mtim;
  read_file = now.st_ino;
  generation++;
  count = 0;
  while (count < ORDERS
         && fscanf(file, "%31s %15s %ld", orders[count].name, orders[count].what,
                   &orders[count].times) == 3) {
    count++;
  }
  fclose(file);
}

/* Takes one order for this function, if there is one. */
static int take(const char *name, char *what) {
  int i;
  int found = 0;
  pthread_mutex_lock(&lock);
  read_orders();
  for (i = 0; i < count && !found; i++) {
    if (orders[i].times > 0 && strcmp(orders[i].name, name) == 0) {
      strcpy(what, orders[i].what);
      orders[i].times--;
      found = 1;
    }
  }
  pthread_mutex_unlock(&lock);
  return found;
}

static void hang(void) {
  long since;
  long now;
  pthread_mutex_lock(&lock);
  since = generation;
  do {
    pthread_mutex_unlock(&lock);
    usleep(1000);
    pthread_mutex_lock(&lock);
    read_orders();
    now = generation;
  } while (now == since);
  pthread_mutex_unlock(&lock);
}

/* One EC point, as the library gives it and without the header of its OCTET STRING. */
static word raw_point(function get, word session, word object, struct attribute *asked) {
  unsigned char der[512];
  struct attribute whole = {CKA_EC_POINT, der, sizeof der};
  word code = get(session, object, (word) &whole, 1, 0, 0);
  word header;
  word length;
  if (code != 0) {
    asked->length = UNAVAILABLE;
    return code;
  }
  header = der[1] < 0x80 ? 2 : 3;
  length = whole.length - header;
  if (asked->value != NULL && asked->length < length) {
    asked->length = UNAVAILABLE;
    return CKR_BUFFER_TOO_SMALL;
  }
  if (asked->value != NULL) {
    memcpy(asked->value, der + header, length);
  }
  asked->length = length;
  return 0;
}

/* Attribute by attribute, so that the others are answered as ever. */
static word attributes(const char *what, word session, word object, struct attribute *asked,
                       word number) {
  function get = real->functions[24];
  word worst = 0;
  word i;
  for (i = 0; i < number; i++) {
    word code;
    if (asked[i].type != CKA_EC_POINT) {
      code = get(session, object, (word) &asked[i], 1, 0, 0);
    } else if (strcmp(what, "raw") == 0) {
      code = raw_point(get, session, object, &asked[i]);
    } else {
      asked[i].length = UNAVAILABLE;
      code = CKR_ATTRIBUTE_TYPE_INVALID;
    }
    worst = code == 0 ? worst : code;
  }
  return worst;
}

static void flip(unsigned char *signature, word length) {
  if (signature != NULL) { /* only its length was asked for */
    signature[length - 1] ^= 1;
  }
}

static word call(const char *name, int place, word a, word b, word c, word d, word e, word f) {
  char what[16];
  int ordered = take(name, what);
  word code;
  if (ordered && strcmp(what, "hang") == 0) {
    hang();
    ordered = 0;
  }
  if (ordered && (strcmp(what, "raw") == 0 || strcmp(what, "omit") == 0)) {
    return attributes(what, a, b, (struct attribute *) c, d);
  }
  if (ordered && strcmp(what, "flip") != 0) {
    return strtoul(what, NULL, 0);
  }
  code = real->functions[place](a, b, c, d, e, f);
  if (ordered && code == 0 && place == C_SIGN) {
    flip((unsigned char *) d, *(word *) e);
  }
  if (ordered && code == 0 && place == C_SIGN_FINAL) {
    flip((unsigned char *) b, *(word *) c);
  }
  return code;
}

#define CAN_FAIL(name, place)                                                    \
  static word faulty_##name(word a, word b, word c, word d, word e, word f) {    \
    return call(#name, place, a, b, c, d, e, f);                                 \
  }

CAN_FAIL(C_Initialize, 0)
CAN_FAIL(C_GetSlotList, 4)
CAN_FAIL(C_GetTokenInfo, 6)
CAN_FAIL(C_OpenSession, 12)
CAN_FAIL(C_Login, 18)
CAN_FAIL(C_CreateObject, 20)
CAN_FAIL(C_GetAttributeValue, 24)
CAN_FAIL(C_FindObjectsInit, 26)
CAN_FAIL(C_SignInit, 42)
CAN_FAIL(C_Sign, C_SIGN)
CAN_FAIL(C_SignUpdate, 44)
CAN_FAIL(C_SignFinal, C_SIGN_FINAL)

word C_GetFunctionList(struct function_list **list) {
  if (real == NULL) {
    void *library = dlopen(getenv("FAULTY_PKCS11"), RTLD_NOW | RTLD_LOCAL);
    word (*get)(struct function_list **) =
        library == NULL ? NULL : (word (*)(struct function_list **)) dlsym(library, "C_GetFunctionList");
    if (get == NULL || get(&real) != 0) {
      fprintf(stderr, "faulty-pkcs11: no module at FAULTY_PKCS11\n");
      return 5; /* CKR_GENERAL_ERROR */
    }
    ours = *real;
    ours.functions[0] = faulty_C_Initialize;
    ours.functions[4] = faulty_C_GetSlotList;
    ours.functions[6] = faulty_C_GetTokenInfo;
    ours.functions[12] = faulty_C_OpenSession;
    ours.functions[18] = faulty_C_Login;
    ours.functions[20] = faulty_C_CreateObject;
    ours.functions[24] = faulty_C_GetAttributeValue;
    ours.functions[26] = faulty_C_FindObjectsInit;
    ours.functions[42] = faulty_C_SignInit;
    ours.functions[C_SIGN] = faulty_C_Sign;
    ours.functions[44] = faulty_C_SignUpdate;
    ours.functions[C_SIGN_FINAL] = faulty_C_SignFinal;
  }
  *list = &ours;
  return 0;
}
