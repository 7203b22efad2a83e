import '@berth/service-kit/node-version';
import { main } from '@berth/service-kit';
import { userServiceDefinition } from './app';

void main(userServiceDefinition, process);
