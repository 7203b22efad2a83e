import '@berth/service-kit/node-version';
import { main } from '@berth/service-kit';
import { orderServiceDefinition } from './app';

void main(orderServiceDefinition, process);
