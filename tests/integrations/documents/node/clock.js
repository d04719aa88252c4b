// Lets a program of Node.js live at another time, which $SHIFT_S is ahead of the machine's.
const Real = Date
const shift = Number(process.env.SHIFT_S) * 1000

global.Date = class extends Real {
  constructor (...words) {
    super(...(words.length ? words : [Real.now() + shift]))
  }

  static now () {
    return Real.now() + shift
  }
}
