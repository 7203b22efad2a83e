// Bare node:http on better-sqlite3: prepared statements, each insert a commit of its own.
import { serveBare } from './bare-server';
import { openShop } from './sqlite-shop';

const shop = openShop(process.env['SHOP_DB_PATH']!);

serveBare({
  findUser: (id, found) => found(shop.findUser(id)),
  addUser: (user, added) => added(shop.addUser(user)),
  findOrder: (id, found) => found(shop.findOrder(id)),
  addOrder: (order, added) => added(shop.addOrder(order)),
});
